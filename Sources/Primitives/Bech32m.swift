// Bech32m (BIP-350): bytes as text with a readable prefix and a checksum that catches up to four
// wrong characters. Addresses are the only use.

package enum Bech32m {
    package enum Failure: Error, Equatable {
        /// Fewer than 8 or more than 90 characters.
        case length(Int)
        case mixedCase
        case missingPrefix
        case characterOutOfRange(offset: Int)
        case wrongChecksum
        /// The last characters carry bits that no byte needs.
        case padding
    }

    package static let lengthLimit = 90
    private static let checksumLength = 6
    private static let finalConstant: UInt32 = 0x2bc8_30a3
    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let separator: UInt8 = 0x31

    /// - Precondition: the prefix is lower-case ASCII, and the text has at most 90 characters.
    package static func encode(prefix: String, _ bytes: [UInt8]) -> String {
        encode(prefix: Array(prefix.utf8), values: regroup(bytes))
    }

    /// Returns the prefix in lower case and the bytes.
    package static func decode(_ text: String) throws(Failure) -> (prefix: String, bytes: [UInt8]) {
        let (prefix, values) = try decodeValues(text)
        guard let bytes = ungroup(values) else { throw .padding }
        return (String(decoding: prefix, as: UTF8.self), bytes)
    }

    package static func encode(prefix: [UInt8], values: [UInt8]) -> String {
        let length = prefix.count + 1 + values.count + checksumLength
        precondition(length <= lengthLimit && !prefix.isEmpty)
        let padded = values + [UInt8](repeating: 0, count: checksumLength)
        let sum = checksum(expand(prefix) + padded) ^ finalConstant
        let check = (0..<checksumLength).map { UInt8(sum >> (5 * (5 - $0)) & 31) }
        let characters = (values + check).map { alphabet[Int($0)] }
        return String(decoding: prefix + [separator] + characters, as: UTF8.self)
    }

    /// The prefix and the 5-bit values before the checksum.
    package static func decodeValues(
        _ text: String
    ) throws(Failure) -> (prefix: [UInt8], values: [UInt8]) {
        var characters = Array(text.utf8)
        guard (8...lengthLimit).contains(characters.count) else { throw .length(characters.count) }
        if let offset = characters.firstIndex(where: { !(0x21...0x7e).contains($0) }) {
            throw .characterOutOfRange(offset: offset)
        }
        let isUpper = { (character: UInt8) in (0x41...0x5a).contains(character) }
        if characters.contains(where: isUpper) {
            guard !characters.contains(where: { (0x61...0x7a).contains($0) }) else {
                throw .mixedCase
            }
            characters = characters.map { isUpper($0) ? $0 + 32 : $0 }
        }
        guard let split = characters.lastIndex(of: separator), split > 0,
            split + checksumLength < characters.count
        else { throw .missingPrefix }
        var values: [UInt8] = []
        for offset in (split + 1)..<characters.count {
            guard let value = alphabet.firstIndex(of: characters[offset]) else {
                throw .characterOutOfRange(offset: offset)
            }
            values.append(UInt8(value))
        }
        let prefix = Array(characters[..<split])
        guard checksum(expand(prefix) + values) == finalConstant else { throw .wrongChecksum }
        return (prefix, values.dropLast(checksumLength))
    }

    private static func checksum(_ values: [UInt8]) -> UInt32 {
        let generator: [UInt32] = [
            0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3,
        ]
        var sum: UInt32 = 1
        for value in values {
            let top = sum >> 25
            sum = (sum & 0x1ff_ffff) << 5 ^ UInt32(value)
            for bit in 0..<5 where top >> bit & 1 == 1 { sum ^= generator[bit] }
        }
        return sum
    }

    private static func expand(_ prefix: [UInt8]) -> [UInt8] {
        prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 }
    }

    /// 8-bit bytes to 5-bit values, most significant bits first, padded with zeros.
    private static func regroup(_ bytes: [UInt8]) -> [UInt8] {
        var values: [UInt8] = []
        var pending: UInt16 = 0
        var bits = 0
        for byte in bytes {
            pending = pending << 8 | UInt16(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                values.append(UInt8(pending >> bits & 31))
            }
        }
        if bits > 0 { values.append(UInt8(truncatingIfNeeded: pending << (5 - bits)) & 31) }
        return values
    }

    /// The inverse of `regroup`; nil when more than four bits are left, or any that is not zero.
    private static func ungroup(_ values: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var pending: UInt16 = 0
        var bits = 0
        for value in values {
            pending = pending << 5 | UInt16(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
            }
        }
        guard bits < 5, pending & ((1 << bits) - 1) == 0 else { return nil }
        return bytes
    }
}
