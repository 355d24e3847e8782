// Base64 with padding (RFC 4648, section 4), one encoding for each byte string: Foundation's
// decoder ignores the unused bits of the last digit.

package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()
    private static let padding = UInt8(ascii: "=")

    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= 8 * UInt32(3 - group.count)
            for digit in 0..<4 {
                let value = Int(bits >> (18 - 6 * UInt32(digit)) & 63)
                text.append(digit <= group.count ? alphabet[value] : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for anything but the one text that `encode` gives for the result.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3)
        for start in stride(from: 0, to: digits.count, by: 4) {
            let isLast = start + 4 == digits.count
            let group = digits[start..<start + 4]
            let used = isLast ? group.prefix { $0 != padding } : group
            guard used.count >= 2, group.dropFirst(used.count).allSatisfy({ $0 == padding }) else {
                return nil
            }
            var bits: UInt32 = 0
            for digit in used {
                let value = values[Int(digit)]
                guard value < 64 else { return nil }
                bits = bits << 6 | UInt32(value)
            }
            let spare = UInt32(used.count * 6 % 8)
            guard bits & (1 << spare - 1) == 0 else { return nil }
            bits >>= spare
            for shift in (0..<UInt32(used.count - 1)).reversed() {
                bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * shift)))
            }
        }
        return bytes
    }
}
