/// The number of a block; genesis is 0 and the first block 1.
package struct Height: Sendable, Hashable, Comparable {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    package static let genesis = Height(0)

    /// - Precondition: heights never reach `UInt64.max`; one block a nanosecond takes 584 years.
    package var next: Height { Height(value + 1) }

    package static func < (left: Height, right: Height) -> Bool { left.value < right.value }
}

extension Height: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.write(value) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        value = try reader.readUInt64()
        try reader.require(value < UInt64.max, "height")
    }
}
