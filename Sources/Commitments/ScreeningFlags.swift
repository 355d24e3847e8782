package import Primitives

/// What screening found in a record. All but `nearDuplicate` reject it; a near duplicate stays,
/// because its cluster is counted once and paid to the earliest member.
package struct ScreeningFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The same bytes as an earlier record.
    package static let exactDuplicate = ScreeningFlags(rawValue: 1 << 0)
    /// Close to an earlier record; `cluster` names the earliest.
    package static let nearDuplicate = ScreeningFlags(rawValue: 1 << 1)
    package static let tooShort = ScreeningFlags(rawValue: 1 << 2)
    package static let tooLong = ScreeningFlags(rawValue: 1 << 3)
    package static let lowQuality = ScreeningFlags(rawValue: 1 << 4)
    package static let invalidText = ScreeningFlags(rawValue: 1 << 5)

    package static let known: ScreeningFlags = [
        .exactDuplicate, .nearDuplicate, .tooShort, .tooLong, .lowQuality, .invalidText,
    ]
    package static let rejecting: ScreeningFlags = [
        .exactDuplicate, .tooShort, .tooLong, .lowQuality, .invalidText,
    ]
}

extension ScreeningFlags: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.write(rawValue) }

    /// Refuses bits without a meaning: one set has one encoding.
    package init(from reader: inout BorshReader) throws(BorshError) {
        rawValue = try reader.readUInt16()
        try reader.require(rawValue & ~Self.known.rawValue == 0, "screening flags")
    }
}
