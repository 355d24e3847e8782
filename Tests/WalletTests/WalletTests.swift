import Cryptography
import Primitives
import TestSupport
import Testing
import Wallet

@Suite("Mnemonic") struct MnemonicTests {
    @Test("the word list is the published one")
    func list() {
        let file = EnglishWords.all.joined(separator: "\n") + "\n"
        #expect(EnglishWords.all.count == 2048)
        #expect(
            Hex.encode(SHA256.hash(Array(file.utf8)))
                == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
        )
    }

    @Test("the published vectors give their words and seeds, and read back")
    func vectors() throws {
        for vector in mnemonicVectors {
            let mnemonic = try Mnemonic(entropy: try #require(Hex.decode(vector.entropy)))
            #expect(mnemonic.phrase == vector.phrase)
            #expect(Hex.encode(mnemonic.seed(passphrase: "TREZOR")) == vector.seed)
            let spaced = "  " + vector.phrase.uppercased() + "\n"
            #expect(try Mnemonic(phrase: spaced) == mnemonic)
        }
    }

    @Test("a passphrase means its characters, not the way they were typed")
    func normalization() throws {
        let mnemonic = try Mnemonic(entropy: [UInt8](repeating: 0, count: 16))
        let seed = mnemonic.seed(passphrase: "㍍ガバヴァぱばぐゞちぢ十人十色")
        #expect(Hex.encode(seed) == decomposedSeed)
        #expect(
            mnemonic.seed(passphrase: "caf\u{e9}") == mnemonic.seed(passphrase: "cafe\u{301}")
        )
        #expect(mnemonic.seed() != mnemonic.seed(passphrase: " "))
    }

    @Test("wrong words, counts and checksums are told apart")
    func refusals() throws {
        let good = Array(repeating: "abandon", count: 11)
        #expect(throws: Mnemonic.Failure.wrongChecksum) {
            try Mnemonic(phrase: (good + ["abandon"]).joined(separator: " "))
        }
        #expect(throws: Mnemonic.Failure.unknownWord(place: 12)) {
            try Mnemonic(phrase: (good + ["abandonn"]).joined(separator: " "))
        }
        for count in [0, 11, 13, 27] {
            #expect(throws: Mnemonic.Failure.wordCount(count)) {
                try Mnemonic(
                    phrase: Array(repeating: "abandon", count: count).joined(separator: " ")
                )
            }
        }
        for count in [0, 15, 17, 36] {
            #expect(throws: Mnemonic.Failure.entropyLength(count)) {
                try Mnemonic(entropy: [UInt8](repeating: 0, count: count))
            }
        }
        #expect(try Mnemonic.generate().words.count == 24)
        #expect(try Mnemonic.generate() != Mnemonic.generate())
    }
}

@Suite("Key derivation") struct KeyDerivationTests {
    @Test("the vectors of SLIP-0010 for ed25519")
    func vectors() throws {
        let first = (0..<16).map { UInt8($0) }
        let root = KeyDerivation.node(seed: first, path: try DerivationPath("m"))
        #expect(
            Hex.encode(root.key)
                == "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7"
        )
        #expect(
            Hex.encode(root.chainCode)
                == "90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb"
        )
        let path = try DerivationPath("m/0'/1'/2'/2'/1000000000'")
        let deep = KeyDerivation.node(seed: first, path: path)
        #expect(
            Hex.encode(deep.key)
                == "8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793"
        )
        let key = try KeyDerivation.signingKey(seed: first, path: path)
        #expect(
            Hex.encode(key.publicKey.bytes)
                == "3c24da049451555d51a7014a37337aa4e12d41e485abccfa46b47dfb2af54b7a"
        )
        let second = try #require(
            Hex.decode(
                "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2"
                    + "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542"
            )
        )
        let other = KeyDerivation.node(
            seed: second,
            path: try DerivationPath("m/0'/2147483647'/1'/2147483646'/2'")
        )
        #expect(
            Hex.encode(other.key)
                == "551d333177df541ad876a60ea71f00447931c0a9da16f227c11ea080d7391b8d"
        )
    }

    @Test("paths read back as written")
    func paths() throws {
        let path = DerivationPath.account(7, coin: DerivationPath.testCoin)
        #expect(path.description == "m/44'/1'/7'/0'")
        #expect(try DerivationPath(path.description) == path)
        #expect(try DerivationPath("m").indices.isEmpty)
    }

    @Test(
        "a path that is not fully hardened, or not a path, is refused",
        arguments: [
            ("", DerivationPath.Failure.noRoot), ("44'/1'", .noRoot), ("M/44'", .noRoot),
            ("m/44", .badStep(1)), ("m/44'/1", .badStep(2)), ("m/", .badStep(1)),
            ("m/'", .badStep(1)), ("m/-1'", .badStep(1)), ("m/+1'", .badStep(1)),
            ("m/2147483648'", .badStep(1)), ("m/1'/1'/1'/1'/1'/1'/1'/1'/1'/1'/1'", .tooLong(11)),
        ]
    )
    func badPaths(text: String, reason: DerivationPath.Failure) {
        #expect(throws: reason) { try DerivationPath(text) }
    }
}

@Suite("Sealed seeds") struct SealedSeedTests {
    private let cost: Argon2id.Cost
    private let seed = [UInt8](repeating: 9, count: 32)

    init() throws { cost = try Argon2id.Cost(memoryBytes: 8 << 10, passes: 1) }

    @Test("what was sealed opens with its password only")
    func roundTrip() throws {
        let key = try SigningKey(seed: seed)
        let file = try SealedSeed(sealing: key, password: "correct horse", cost: cost)
        let opened = try file.open(password: "correct horse")
        let seed = opened.exposedSeed()
        #expect(seed == self.seed)
        #expect(throws: SealedSeed.Failure.refused) { _ = try file.open(password: "wrong") }
        let again = try SealedSeed(sealing: key, password: "correct horse", cost: cost)
        #expect(again.salt != file.salt && again.nonce != file.nonce)
    }

    @Test("a change to any part of the file is noticed")
    func tampering() throws {
        let key = try SigningKey(seed: seed)
        let file = try SealedSeed(sealing: key, password: "p", cost: cost)
        let other = try SigningKey(seed: [UInt8](repeating: 8, count: 32)).publicKey
        let dearer = try Argon2id.Cost(memoryBytes: 9 << 10, passes: 1)
        var salt = file.salt
        salt[0] ^= 1
        var sealed = file.sealed
        sealed[47] ^= 1
        let forged = [
            SealedSeed(
                publicKey: other,
                cost: cost,
                salt: file.salt,
                nonce: file.nonce,
                sealed: file.sealed
            ),
            SealedSeed(
                publicKey: file.publicKey,
                cost: dearer,
                salt: file.salt,
                nonce: file.nonce,
                sealed: file.sealed
            ),
            SealedSeed(
                publicKey: file.publicKey,
                cost: cost,
                salt: salt,
                nonce: file.nonce,
                sealed: file.sealed
            ),
            SealedSeed(
                publicKey: file.publicKey,
                cost: cost,
                salt: file.salt,
                nonce: .zero,
                sealed: file.sealed
            ),
            SealedSeed(
                publicKey: file.publicKey,
                cost: cost,
                salt: file.salt,
                nonce: file.nonce,
                sealed: sealed
            ),
        ]
        for file in forged {
            #expect(throws: SealedSeed.Failure.refused) { _ = try file.open(password: "p") }
        }
        let short = SealedSeed(
            publicKey: file.publicKey,
            cost: cost,
            salt: [1],
            nonce: file.nonce,
            sealed: []
        )
        #expect(throws: SealedSeed.Failure.password(.saltLength(1))) {
            _ = try short.open(password: "p")
        }
    }
}
