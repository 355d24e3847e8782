import Cryptography
import Foundation
import Primitives
import TestSupport
import Testing

@Suite("Outside vectors of the primitives") struct WycheproofTests {
    private struct File<Group: Decodable>: Decodable { let testGroups: [Group] }

    private struct Signatures: Decodable {
        struct Key: Decodable { let pk: String }
        struct Case: Decodable {
            let tcId: Int
            let msg: String
            let sig: String
            let result: String
        }
        let publicKey: Key
        let tests: [Case]
    }

    private struct Agreements: Decodable {
        struct Case: Decodable {
            let tcId: Int
            let flags: [String]
            let `public`: String
            let `private`: String
            let shared: String
            let result: String
        }
        let tests: [Case]
    }

    private struct Ciphers: Decodable {
        struct Case: Decodable {
            let tcId: Int
            let key: String
            let iv: String
            let aad: String
            let msg: String
            let ct: String
            let tag: String
            let result: String
        }
        let tests: [Case]
    }

    private struct Derivations: Decodable {
        struct Case: Decodable {
            let tcId: Int
            let password: String
            let salt: String
            let iterationCount: Int
            let dkLen: Int
            let dk: String
        }
        let tests: [Case]
    }

    @Test("Ed25519 accepts what is valid and nothing that is not")
    func ed25519() throws {
        for group in try groups("ed25519", of: Signatures.self) {
            let key = try #require(PublicKey(bytes(group.publicKey.pk)))
            for test in group.tests {
                let verdict = Signature(bytes(test.sig)).map {
                    Ed25519.verify($0, of: bytes(test.msg), by: key)
                }
                #expect((verdict ?? false) == (test.result == "valid"), "case \(test.tcId)")
            }
        }
    }

    @Test("X25519 agrees, and refuses exactly the shared secrets that are zero")
    func x25519() throws {
        for group in try groups("x25519", of: Agreements.self) {
            for test in group.tests {
                let secret = try X25519SecretKey(bytes(test.private))
                let other = try #require(X25519PublicKey(bytes(test.public)))
                let expected =
                    test.flags.contains("ZeroSharedSecret") ? nil : bytes(test.shared)
                let shared = secret.sharedSecret(with: other)
                #expect(shared == expected, "case \(test.tcId)")
            }
        }
    }

    @Test("ChaCha20-Poly1305 seals and opens what is valid and nothing that is not")
    func chaChaPoly() throws {
        for test in try groups("chacha20_poly1305", of: Ciphers.self).flatMap(\.tests) {
            let key = try SymmetricKey(bytes(test.key))
            // A nonce of another length does not exist in the types.
            guard let nonce = ChaChaPoly.Nonce(bytes(test.iv)) else {
                #expect(test.result == "invalid", "case \(test.tcId)")
                continue
            }
            let sealed = bytes(test.ct) + bytes(test.tag)
            let aad = bytes(test.aad)
            let opened = ChaChaPoly.open(sealed, key: key, nonce: nonce, associated: aad)
            #expect(opened == (test.result == "valid" ? bytes(test.msg) : nil))
            if test.result == "valid" {
                #expect(
                    ChaChaPoly.seal(bytes(test.msg), key: key, nonce: nonce, associated: aad)
                        == sealed,
                    "case \(test.tcId)"
                )
            }
        }
    }

    @Test("XChaCha20-Poly1305 seals and opens what is valid and nothing that is not")
    func xChaChaPoly() throws {
        for test in try groups("xchacha20_poly1305", of: Ciphers.self).flatMap(\.tests) {
            let key = try SymmetricKey(bytes(test.key))
            guard let nonce = XChaChaPoly.Nonce(bytes(test.iv)) else {
                #expect(test.result == "invalid", "case \(test.tcId)")
                continue
            }
            let sealed = bytes(test.ct) + bytes(test.tag)
            let aad = bytes(test.aad)
            let opened = XChaChaPoly.open(sealed, key: key, nonce: nonce, associated: aad)
            #expect(opened == (test.result == "valid" ? bytes(test.msg) : nil))
            if test.result == "valid" {
                #expect(
                    XChaChaPoly.seal(bytes(test.msg), key: key, nonce: nonce, associated: aad)
                        == sealed,
                    "case \(test.tcId)"
                )
            }
        }
    }

    @Test("PBKDF2 with HMAC-SHA-512 derives the expected keys")
    func passwordKeys() throws {
        for test in try groups("pbkdf2_hmacsha512", of: Derivations.self).flatMap(\.tests)
        where test.iterationCount <= 10_000 {
            let key = SHA512.deriveKey(
                password: bytes(test.password),
                salt: bytes(test.salt),
                rounds: test.iterationCount,
                length: test.dkLen
            )
            #expect(key == bytes(test.dk), "case \(test.tcId)")
        }
    }

    @Test("none of the 196 edge cases of ZIP-215 is accepted")
    func edgeCases() throws {
        struct Case: Decodable {
            let number: Int
            let pk: String
            let r: String
            let s: String
            let msg: String
        }
        guard let data = SharedVectors.load("ed25519_zip215_196.json") else { return }
        let cases = try JSONDecoder().decode([Case].self, from: data)
        #expect(cases.count == 196)
        for test in cases {
            let key = try #require(PublicKey(bytes(test.pk)))
            let signature = try #require(Signature(bytes(test.r + test.s)))
            #expect(
                !Ed25519.verify(signature, of: bytes(test.msg), by: key),
                "case \(test.number)"
            )
        }
    }

    private func groups<Group: Decodable>(_ name: String, of type: Group.Type) throws -> [Group] {
        guard let data = SharedVectors.load("wycheproof_\(name).json") else { return [] }
        let groups = try JSONDecoder().decode(File<Group>.self, from: data).testGroups
        #expect(!groups.isEmpty)
        return groups
    }

    private func bytes(_ text: String) -> [UInt8] { Hex.decode(text) ?? [] }
}
