import Cryptography
import Foundation
import JSON
import Node
import Primitives
import Testing
import Wallet

@Suite("Key store") struct KeyStoreTests {
    /// Runs `body` with a store in a new directory.
    func withStore(_ body: (KeyStore) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(KeyStore(directory: folder.path))
    }

    static func key() throws -> SigningKey {
        try SigningKey(seed: [UInt8](repeating: 9, count: 32))
    }

    @Test("an unsealed key comes back, and its file is for its owner only")
    func unsealed() throws {
        try withStore { store in
            #expect(try store.names() == [])
            try store.save(try Self.key(), name: "alice", password: nil)
            #expect(try store.names() == ["alice"])
            let opened = try store.open("alice") {
                Issue.record("an unsealed key needs no password")
                return nil
            }
            #expect(opened.publicKey == (try Self.key()).publicKey)
            let mode =
                try FileManager.default.attributesOfItem(atPath: store.path("alice"))[
                    .posixPermissions
                ] as? NSNumber
            #expect(mode?.intValue == 0o600)
        }
    }

    @Test("a sealed key opens with its password only, and shows its public key without")
    func sealed() throws {
        try withStore { store in
            try store.save(try Self.key(), name: "bob", password: "a long password")
            #expect(try store.file("bob").publicKey == (try Self.key()).publicKey)
            #expect(
                try store.open("bob") { "a long password" }.publicKey == (try Self.key()).publicKey
            )
            let path = store.path("bob")
            #expect(throws: KeyStore.Failure.wrongPassword(path: path)) {
                _ = try store.open("bob") { "another" }.publicKey
            }
            #expect(throws: KeyStore.Failure.passwordNeeded(path: path)) {
                _ = try store.open("bob") { nil }.publicKey
            }
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(!text.contains(Hex.encode([UInt8](repeating: 9, count: 32))))
        }
    }

    @Test("a file that others may read is refused")
    func looseMode() throws {
        try withStore { store in
            try store.save(try Self.key(), name: "carol", password: nil)
            let path = store.path("carol")
            for mode in [0o640, 0o604, 0o620, 0o601] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                #expect(throws: KeyStore.Failure.looseMode(path: path, mode: mode)) {
                    _ = try store.open("carol") { nil }.publicKey
                }
            }
        }
    }

    @Test("no key is overwritten, and names cannot leave the directory")
    func names() throws {
        try withStore { store in
            try store.save(try Self.key(), name: "dave", password: nil)
            #expect(throws: KeyStore.Failure.exists(path: store.path("dave"))) {
                try store.save(try Self.key(), name: "dave", password: nil)
            }
            for name in ["", "../dave", "a/b", "a.b", String(repeating: "a", count: 65)] {
                #expect(throws: KeyStore.Failure.badName(name)) {
                    try store.save(try Self.key(), name: name, password: nil)
                }
            }
            #expect(throws: KeyStore.Failure.missing(path: store.path("erin"))) {
                _ = try store.open("erin") { nil }.publicKey
            }
        }
    }

    @Test("a damaged file is told by the field that is wrong")
    func damaged() throws {
        let seed = "0x" + Hex.encode([UInt8](repeating: 9, count: 32))
        let key = JSON.string(try Self.key().publicKey.description)
        let cases: [(JSON, KeyFile.Failure)] = [
            (["version": 2], .unknownVersion),
            (["version": 1], .field("publicKey")),
            (["version": 1, "publicKey": key], .field("argon2id")),
            (["version": 1, "publicKey": key, "seed": "0x00"], .field("seed")),
            (
                [
                    "version": 1, "publicKey": .string(PublicKey.zero.description),
                    "seed": .string(seed),
                ], .field("publicKey")
            ),
        ]
        for (json, failure) in cases {
            #expect(throws: failure) { try KeyFile(json: json) }
        }
    }
}
