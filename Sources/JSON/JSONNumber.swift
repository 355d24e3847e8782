/// A number kept as it was written, so that a 128-bit amount or a large nonce loses no digit.
package struct JSONNumber: Sendable, Equatable {
    /// Text of the grammar of RFC 8259, section 6.
    package let literal: String

    /// - Precondition: the parser has matched `literal` against the grammar.
    init(checked literal: String) { self.literal = literal }

    package init(_ value: some FixedWidthInteger) { literal = String(value) }

    /// Nil for values that JSON cannot write: infinities and NaN.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        let text = "\(value)"
        literal = text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// Nil when a fraction or an exponent is written, or the value does not fit. `1.0` and `1e2`
    /// are not integers here: readers disagree about them.
    package func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? { T(literal) }

    /// The nearest binary64; nil where that is infinite.
    package var double: Double? {
        guard let value = Double(literal), value.isFinite else { return nil }
        return value
    }
}
