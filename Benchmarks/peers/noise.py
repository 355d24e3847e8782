"""The peers' protocol a second time, from docs/protocol.md: enough of it to be a hostile peer."""

import hashlib
import hmac
import os
import socket
import struct

import nacl.bindings

NAME = b"Noise_XX_25519_ChaChaPoly_BLAKE2b"
CONSENSUS, TRANSACTIONS, BLOCK_SYNC, STATE_SYNC, ARTIFACTS = range(5)


def blake(data: bytes) -> bytes:
    return hashlib.blake2b(data).digest()


def derive(chain: bytes, material: bytes) -> tuple[bytes, bytes]:
    temporary = hmac.digest(chain, material, "blake2b")
    first = hmac.digest(temporary, b"\1", "blake2b")
    return first, hmac.digest(temporary, first + b"\2", "blake2b")


class Cipher:
    def __init__(self, key: bytes):
        self.key, self.counter = key[:32], 0

    def nonce(self) -> bytes:
        self.counter += 1
        return struct.pack("<IQ", 0, self.counter - 1)

    def seal(self, data: bytes, associated: bytes = b"") -> bytes:
        seal = nacl.bindings.crypto_aead_chacha20poly1305_ietf_encrypt
        return seal(data, associated, self.nonce(), self.key)

    def open(self, data: bytes, associated: bytes = b"") -> bytes:
        unseal = nacl.bindings.crypto_aead_chacha20poly1305_ietf_decrypt
        return unseal(data, associated, self.nonce(), self.key)


class Symmetric:
    def __init__(self, prologue: bytes):
        self.hash = self.chain = NAME.ljust(64, b"\0")
        self.cipher = None
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        self.hash = blake(self.hash + data)

    def mix_key(self, secret: bytes) -> None:
        self.chain, key = derive(self.chain, secret)
        self.cipher = Cipher(key)

    def seal(self, data: bytes) -> bytes:
        sealed = self.cipher.seal(data, self.hash) if self.cipher else data
        self.mix_hash(sealed)
        return sealed

    def open(self, data: bytes) -> bytes:
        opened = self.cipher.open(data, self.hash) if self.cipher else data
        self.mix_hash(data)
        return opened


def prologue(chain: str, genesis: bytes, version: int) -> bytes:
    text = struct.pack("<I", len(chain)) + chain.encode()
    tag = b"openledger/p2p"
    return (
        struct.pack("<I", len(tag)) + tag + struct.pack("<I", len(text)) + text + genesis
        + struct.pack("<I", version)
    )


class Peer:
    """A connection that has been through the handshake, with a fresh identity."""

    def __init__(self, address: tuple[str, int], context: bytes, source: str):
        self.socket = socket.socket()
        self.socket.settimeout(10)
        self.socket.bind((source, 0))
        self.socket.connect(address)
        secret, ephemeral = os.urandom(32), os.urandom(32)
        base = nacl.bindings.crypto_scalarmult_base
        multiply = nacl.bindings.crypto_scalarmult
        state = Symmetric(context)
        state.mix_hash(base(ephemeral))
        self.frame(base(ephemeral) + state.seal(b""))
        answer = self.take()
        theirs = answer[:32]
        state.mix_hash(theirs)
        state.mix_key(multiply(ephemeral, theirs))
        their_static = state.open(answer[32:80])
        state.mix_key(multiply(ephemeral, their_static))
        state.open(answer[80:])
        message = state.seal(base(secret))
        state.mix_key(multiply(secret, theirs))
        public, signing = nacl.bindings.crypto_sign_seed_keypair(os.urandom(32))
        signature = nacl.bindings.crypto_sign(
            b"openledger/noise-static/v1" + base(secret), signing
        )[:64]
        self.frame(message + state.seal(public + signature))
        first, second = derive(state.chain, b"")
        self.sending, self.receiving = Cipher(first), Cipher(second)

    def frame(self, data: bytes) -> None:
        self.socket.sendall(struct.pack(">I", len(data)) + data)

    def take(self) -> bytes:
        data = self.exactly(struct.unpack(">I", self.exactly(4))[0])
        return data

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("closed")
            data += piece
        return data

    def sealed(self, channel: int, message: bytes) -> bytes:
        """One short message as the bytes of its frame."""
        frame = self.sending.seal(bytes([channel]) + struct.pack(">I", len(message)) + message)
        return struct.pack(">I", len(frame)) + frame

    def send(self, channel: int, *messages: bytes) -> None:
        self.socket.sendall(b"".join(self.sealed(channel, m) for m in messages))
