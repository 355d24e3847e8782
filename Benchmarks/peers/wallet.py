"""The chain's transfers, written a second time from docs/protocol.md: keys, encoding, signatures."""

import base64
import hashlib
import hmac
import struct

import nacl.bindings

UNITS = 10**18
CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def tagged(tag: str, data: bytes) -> bytes:
    return hashlib.blake2b(tag.encode() + data, digest_size=32).digest()


def seed_of(mnemonic: str, account: int) -> bytes:
    """BIP-39, then SLIP-0010 at m/44'/1'/account'/0'."""
    seed = hashlib.pbkdf2_hmac("sha512", mnemonic.encode(), b"mnemonic", 2048)
    node = hmac.digest(b"ed25519 seed", seed, "sha512")
    for index in (44, 1, account, 0):
        data = b"\0" + node[:32] + struct.pack(">I", index | 1 << 31)
        node = hmac.digest(node[32:], data, "sha512")
    return node[:32]


class Account:
    def __init__(self, seed: bytes):
        self.public, self.secret = nacl.bindings.crypto_sign_seed_keypair(seed)
        self.address = tagged("openledger/address/v1", self.public)[:20]
        self.nonce = 0

    def transfer(self, chain: str, to: bytes, amount: int, fee: int) -> str:
        """The next transfer, signed, in base64."""
        body = struct.pack("<I", len(chain)) + chain.encode() + self.address
        body += struct.pack("<Q", self.nonce) + fee.to_bytes(16, "little")
        body += b"\0" + to + amount.to_bytes(16, "little")
        self.nonce += 1
        digest = tagged("openledger/tx-signature/v1", body)
        signature = nacl.bindings.crypto_sign(digest, self.secret)[:64]
        return base64.b64encode(body + self.public + signature).decode()


def bech32m(prefix: str, data: bytes) -> str:
    bits = "".join(f"{b:08b}" for b in data)
    values = [int(bits[i : i + 5].ljust(5, "0"), 2) for i in range(0, len(bits), 5)]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = 1
    for value in expanded + values + [0] * 6:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> bit & 1:
                check ^= generator
    check ^= 0x2BC830A3
    values += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(CHARSET[v] for v in values)
