// Amounts as decimal text in OPEN, exactly: no rounding, no exponent, no sign.

extension Amount {
    package enum TextFailure: Error, Equatable {
        case empty
        case characterOutOfRange(offset: Int)
        /// A zero before another digit of the whole part.
        case leadingZero
        /// A point with no digit before or after it.
        case missingDigits
        case tooManyDecimals(Int)
        case overflow
    }

    package static let decimals = 18

    /// Reads `12`, `0.5` or `3.250`: digits, and after a point 1 to 18 more.
    package init(decimal text: String) throws(TextFailure) {
        let characters = Array(text.utf8)
        guard !characters.isEmpty else { throw .empty }
        let point = characters.firstIndex(of: 0x2e) ?? characters.count
        let fraction = characters.dropFirst(point + 1)
        for offset in characters.indices where offset != point {
            guard (0x30...0x39).contains(characters[offset]) else {
                throw .characterOutOfRange(offset: offset)
            }
        }
        guard point > 0, point == characters.count || !fraction.isEmpty else {
            throw .missingDigits
        }
        guard point == 1 || characters[0] != 0x30 else { throw .leadingZero }
        guard fraction.count <= Self.decimals else { throw .tooManyDecimals(fraction.count) }
        let zeros = repeatElement(UInt8(0x30), count: Self.decimals - fraction.count)
        var units: UInt128 = 0
        for digit in characters[..<point] + fraction + zeros {
            let (scaled, tooLarge) = units.multipliedReportingOverflow(by: 10)
            let (sum, carried) = scaled.addingReportingOverflow(UInt128(digit - 0x30))
            guard !tooLarge, !carried else { throw .overflow }
            units = sum
        }
        self.init(units: units)
    }

    /// The shortest text that reads back as this amount, such as `12` or `0.5`.
    package var decimal: String {
        let (whole, rest) = units.quotientAndRemainder(dividingBy: Self.unitsPerToken)
        guard rest > 0 else { return String(whole) }
        var digits = Array(String(rest + Self.unitsPerToken).utf8.dropFirst())
        while digits.last == 0x30 { digits.removeLast() }
        return String(whole) + "." + String(decoding: digits, as: UTF8.self)
    }
}

extension Amount: CustomStringConvertible {
    package var description: String { decimal + " OPEN" }
}
