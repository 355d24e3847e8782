package import Primitives

/// The position of a validator in the set of one height. Sets are sorted by hot key, so an index
/// means nothing without its height.
package struct ValidatorIndex: Sendable, Hashable, Comparable {
    package let value: UInt16

    package init(_ value: UInt16) { self.value = value }

    package static func < (left: ValidatorIndex, right: ValidatorIndex) -> Bool {
        left.value < right.value
    }
}

extension ValidatorIndex: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.write(value) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        value = try reader.readUInt16()
    }
}
