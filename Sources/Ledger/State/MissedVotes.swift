package import Primitives

/// The votes that a validator has missed lately, without a list of them: counts of sixteenths of
/// the window, so that a miss writes a few bytes and a vote that came writes nothing.
///
/// Invariant: spans are ascending, and none is older than `spanCount - 1` before the newest.
package struct MissedVotes: Sendable, Hashable {
    package static let spanCount = 16

    package struct Span: Sendable, Hashable {
        /// Its heights, divided by the length of a span.
        package let number: UInt64
        package var count: UInt32
    }

    package private(set) var spans: [Span] = []

    package init() {}

    package var isEmpty: Bool { spans.isEmpty }
    package var total: UInt64 { spans.reduce(0) { $0 + UInt64($1.count) } }

    /// Counts a miss, and forgets the spans that the window has left behind.
    ///
    /// - Precondition: heights never fall, and `window` is a positive multiple of `spanCount`.
    package mutating func add(_ height: Height, window: UInt64) {
        let number = height.value / (window / UInt64(Self.spanCount))
        spans.removeAll { $0.number + UInt64(Self.spanCount) <= number }
        if let last = spans.last, last.number == number {
            spans[spans.count - 1].count += 1
        } else {
            spans.append(Span(number: number, count: 1))
        }
    }
}

extension MissedVotes.Span: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(number)
        writer.write(count)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        number = try reader.readUInt64()
        count = try reader.readUInt32()
    }
}

extension MissedVotes: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.writeArray(spans) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        spans = try reader.readArray(limit: Self.spanCount)
    }
}
