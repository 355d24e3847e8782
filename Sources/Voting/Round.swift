package import Primitives

/// The number of an attempt to decide one height, from 0.
///
/// Bounded, because rounds arrive in other people's messages: `next` never overflows, and an
/// attempt that fails a million times is a network that an operator looks at.
package struct Round: Sendable, Hashable, Comparable {
    package static let limit: UInt32 = 1_000_000

    package let value: UInt32

    /// - Precondition: `value <= Round.limit`.
    package init(_ value: UInt32) {
        precondition(value <= Self.limit)
        self.value = value
    }

    package static let zero = Round(0)

    /// The following round; the last one is its own successor.
    package var next: Round { value < Self.limit ? Round(value + 1) : self }

    package static func < (left: Round, right: Round) -> Bool { left.value < right.value }
}

extension Round: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.write(value) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        value = try reader.readUInt32()
        try reader.require(value <= Self.limit, "round")
    }
}
