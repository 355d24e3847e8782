import Cryptography
import Primitives
import TestSupport
import Testing

@Suite("Ciphers and key agreement") struct CipherTests {
    @Test("a changed bit anywhere in what was sealed is noticed")
    func tampering() throws {
        let key = SymmetricKey.generate()
        let nonce = ChaChaPoly.Nonce(counter: 7)
        let sealed = ChaChaPoly.seal([1, 2, 3], key: key, nonce: nonce, associated: [9])
        #expect(
            ChaChaPoly.open(sealed, key: key, nonce: nonce, associated: [9]) == [1, 2, 3]
        )
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(ChaChaPoly.open(changed, key: key, nonce: nonce, associated: [9]) == nil)
        }
        #expect(ChaChaPoly.open(sealed, key: key, nonce: nonce, associated: [8]) == nil)
        #expect(
            ChaChaPoly.open(sealed, key: key, nonce: .init(counter: 8), associated: [9]) == nil
        )
        #expect(
            ChaChaPoly.open(sealed, key: SymmetricKey.generate(), nonce: nonce, associated: [9])
                == nil
        )
    }

    @Test("fewer bytes than a tag are refused", arguments: 0..<16)
    func short(count: Int) {
        let bytes = [UInt8](repeating: 0, count: count)
        let key = SymmetricKey.generate()
        #expect(ChaChaPoly.open(bytes, key: key, nonce: .zero, associated: []) == nil)
        #expect(XChaChaPoly.open(bytes, key: key, nonce: .zero, associated: []) == nil)
    }

    @Test("a counter nonce is four zero bytes and the counter, little-endian")
    func nonce() {
        #expect(
            ChaChaPoly.Nonce(counter: 0x0807_0605_0403_0201).bytes
                == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
        )
    }

    @Test("the Diffie-Hellman example of RFC 7748, section 6.1")
    func agreement() throws {
        let alice = try X25519SecretKey(
            Hex.decode("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a") ?? []
        )
        let bob = try X25519SecretKey(
            Hex.decode("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb") ?? []
        )
        #expect(
            Hex.encode(alice.publicKey.bytes)
                == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
        )
        let shared = alice.sharedSecret(with: bob.publicKey)
        #expect(
            Hex.encode(shared ?? [])
                == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
        )
        let again = bob.sharedSecret(with: alice.publicKey)
        #expect(again == shared)
    }

    @Test("public keys of small order give no secret")
    func smallOrder() throws {
        let key = X25519SecretKey.generate()
        let points = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        ]
        for text in points {
            let point = try #require(Hex.decode(text).flatMap { X25519PublicKey($0) })
            let shared = key.sharedSecret(with: point)
            #expect(shared == nil, "\(text)")
        }
    }

    @Test("BLAKE2b-512 and its HMAC agree with independent values")
    func blake2b() {
        #expect(
            Hex.encode(BLAKE2b.hash(Array("abc".utf8)))
                == "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
        )
        #expect(
            Hex.encode(BLAKE2b.authenticate(Array("message".utf8), key: Array("key".utf8)))
                == "04e9ada930688cde75eec939782eed653073dd621d7643f813702976257cf037"
                + "d325b50eedd417c01b6ad1f978fbe2980a93d27d854044e8626df6fa279d6680"
        )
        let outputs = BLAKE2b.derive(
            chainingKey: [UInt8](repeating: 1, count: 64),
            [2, 3],
            count: 3
        )
        #expect(
            Hex.encode(outputs[2].prefix(32))
                == "5791562a48555bade54cb302290478962252bba0476ceefa19daf10a4924e610"
        )
        #expect(
            BLAKE2b.derive(chainingKey: [UInt8](repeating: 1, count: 64), [2, 3], count: 2)
                == Array(outputs.prefix(2))
        )
    }

    @Test("Argon2id derives the same key again, and another for another salt")
    func passwords() throws {
        let cost = try Argon2id.Cost(memoryBytes: 8 << 10, passes: 1)
        let derive = { (salt: UInt8) throws -> [UInt8] in
            let key = try Argon2id.deriveKey(
                password: Array("secret".utf8),
                salt: [UInt8](repeating: salt, count: 16),
                cost: cost
            )
            return ChaChaPoly.seal([], key: key, nonce: .zero, associated: [])
        }
        #expect(try derive(1) == derive(1))
        #expect(try derive(1) != derive(2))
    }

    @Test("costs and salts out of range are refused")
    func costs() throws {
        #expect(throws: Argon2id.Failure.memoryOutOfRange(8191)) {
            try Argon2id.Cost(memoryBytes: 8191, passes: 1)
        }
        #expect(throws: Argon2id.Failure.memoryOutOfRange(1 << 30 + 1)) {
            try Argon2id.Cost(memoryBytes: 1 << 30 + 1, passes: 1)
        }
        #expect(throws: Argon2id.Failure.passesOutOfRange(0)) {
            try Argon2id.Cost(memoryBytes: 8192, passes: 0)
        }
        #expect(throws: Argon2id.Failure.passesOutOfRange(65)) {
            try Argon2id.Cost(memoryBytes: 8192, passes: 65)
        }
        let cost = try Argon2id.Cost(memoryBytes: 8192, passes: 1)
        #expect(throws: Argon2id.Failure.saltLength(15)) {
            _ = try Argon2id.deriveKey(
                password: [],
                salt: [UInt8](repeating: 0, count: 15),
                cost: cost
            )
        }
    }

    @Test("random bytes have the length asked for and do not repeat")
    func random() {
        #expect(SystemRandom.bytes(0).isEmpty)
        #expect(SystemRandom.bytes(32).count == 32)
        #expect(SystemRandom.bytes(32) != SystemRandom.bytes(32))
    }
}
