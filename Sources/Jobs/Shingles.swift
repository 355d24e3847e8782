// Likeness of texts, in integers. Two records are near-duplicates when their sets of three-word
// windows overlap (Broder 1997, "On the resemblance and containment of documents"). Case,
// punctuation and spacing do not count, because changing them costs a copier nothing.

import Cryptography
import Primitives

/// The set of word windows of one text.
package struct Shingles: Sendable, Equatable {
    static let windowWords = 3
    private static let tag = HashTag("openledger/shingle/v1")

    /// The first eight bytes of each window's hash, ascending, without repetition.
    package let values: [UInt64]

    package init(words: [[UInt8]]) {
        guard !words.isEmpty else {
            values = []
            return
        }
        let width = min(Self.windowWords, words.count)
        var hashes: [UInt64] = []
        for start in 0...(words.count - width) {
            let window = words[start..<start + width].joined(separator: [0])
            hashes.append(Self.prefix(of: taggedHash(Self.tag, Array(window))))
        }
        hashes.sort()
        var unique: [UInt64] = []
        for hash in hashes where unique.last != hash { unique.append(hash) }
        values = unique
    }

    /// Words of a text: runs of ASCII letters and digits, lower-cased, and of bytes above 127.
    package static func words(of text: [UInt8]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        for byte in text {
            switch byte {
            case 0x41...0x5a: word.append(byte + 0x20)
            case 0x30...0x39, 0x61...0x7a, 0x80...0xff: word.append(byte)
            default:
                if !word.isEmpty { words.append(word) }
                word = []
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }

    private static func prefix(of digest: Digest) -> UInt64 {
        var value: UInt64 = 0
        for offset in 0..<8 { value = value << 8 | UInt64(digest[offset]) }
        return value
    }
}
