// Words that stand for a wallet (BIP-39): easy to write on paper, with a checksum.

import Cryptography

package struct Mnemonic: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        /// Not 12, 15, 18, 21 or 24 words.
        case wordCount(Int)
        /// The word at this place, counted from 1, is not in the list.
        case unknownWord(place: Int)
        case wrongChecksum
        /// Not 16, 20, 24, 28 or 32 bytes.
        case entropyLength(Int)
    }

    package let words: [String]

    /// The words of 16, 20, 24, 28 or 32 random bytes.
    package init(entropy: [UInt8]) throws(Failure) {
        guard (16...32).contains(entropy.count), entropy.count.isMultiple(of: 4) else {
            throw .entropyLength(entropy.count)
        }
        let bits = Self.withChecksum(entropy)
        words = stride(from: 0, to: bits.count, by: 11).map { start in
            let index = bits[start..<start + 11].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
            return EnglishWords.all[index]
        }
    }

    /// Twenty-four new words.
    package static func generate() throws(Failure) -> Mnemonic {
        try Mnemonic(entropy: SystemRandom.bytes(32))
    }

    /// Reads words separated by white space, in either case.
    package init(phrase: String) throws(Failure) {
        let found = phrase.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
        guard (12...24).contains(found.count), found.count.isMultiple(of: 3) else {
            throw .wordCount(found.count)
        }
        var bits: [Bool] = []
        for (offset, word) in found.enumerated() {
            guard let index = EnglishWords.all.firstIndex(of: word) else {
                throw .unknownWord(place: offset + 1)
            }
            for bit in (0..<11).reversed() { bits.append(index >> bit & 1 == 1) }
        }
        let entropy = stride(from: 0, to: found.count * 32 / 3, by: 8).map { start in
            bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
        }
        guard Self.withChecksum(entropy) == bits else { throw .wrongChecksum }
        words = found
    }

    package var phrase: String { words.joined(separator: " ") }

    /// The 64 bytes that keys are derived from. Every passphrase gives a valid wallet, another one.
    package func seed(passphrase: String = "") -> [UInt8] {
        SHA512.deriveKey(
            password: Array(phrase.utf8),
            salt: Array("mnemonic".utf8) + normalized(passphrase),
            rounds: 2048,
            length: 64
        )
    }

    /// The bits of the entropy, then one bit of its hash for every 32.
    private static func withChecksum(_ entropy: [UInt8]) -> [Bool] {
        bits(entropy) + bits(SHA256.hash(entropy)).prefix(entropy.count / 4)
    }

    private static func bits(_ bytes: [UInt8]) -> [Bool] {
        var bits: [Bool] = []
        for byte in bytes {
            for shift in (0..<8).reversed() { bits.append(byte >> shift & 1 == 1) }
        }
        return bits
    }
}
