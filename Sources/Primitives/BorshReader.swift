/// Reads Borsh-encoded values, strictly: lengths are checked against the field's limit and against
/// the bytes that remain before any memory is taken.
package struct BorshReader: Sendable {
    private let bytes: [UInt8]
    package private(set) var offset = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var remaining: Int { bytes.count - offset }

    package func finish() throws(BorshError) {
        guard remaining == 0 else {
            throw .trailingBytes(offset: offset, remaining: remaining)
        }
    }

    package mutating func readUInt8() throws(BorshError) -> UInt8 { try readInteger() }
    package mutating func readUInt16() throws(BorshError) -> UInt16 { try readInteger() }
    package mutating func readUInt32() throws(BorshError) -> UInt32 { try readInteger() }
    package mutating func readUInt64() throws(BorshError) -> UInt64 { try readInteger() }
    package mutating func readUInt128() throws(BorshError) -> UInt128 { try readInteger() }
    package mutating func readInt32() throws(BorshError) -> Int32 {
        Int32(bitPattern: try readInteger())
    }
    package mutating func readInt64() throws(BorshError) -> Int64 {
        Int64(bitPattern: try readInteger())
    }

    package mutating func readBool() throws(BorshError) -> Bool {
        switch try readUInt8() {
        case 0: return false
        case 1: return true
        case let tag: throw .tagOutOfRange(offset: offset - 1, tag: tag)
        }
    }

    package mutating func readRaw(count: Int) throws(BorshError) -> ArraySlice<UInt8> {
        guard count <= remaining else { throw .truncated(offset: offset, needed: count) }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    package mutating func readBytes(limit: Int) throws(BorshError) -> [UInt8] {
        let count = try readLength(limit: limit)
        return Array(try readRaw(count: count))
    }

    /// Reads at most `limit` values. Memory grows with the bytes really present, because the
    /// shortest element of every type in use takes at least one byte.
    package mutating func readArray<Element: BorshDecodable>(
        of type: Element.Type = Element.self,
        limit: Int
    ) throws(BorshError) -> [Element] {
        let count = try readLength(limit: limit)
        guard count <= remaining else { throw .truncated(offset: offset, needed: count) }
        var values: [Element] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try Element(from: &self)) }
        return values
    }

    package mutating func readOptional<Value: BorshDecodable>(
        _ type: Value.Type = Value.self
    ) throws(BorshError) -> Value? {
        try readBool() ? try Value(from: &self) : nil
    }

    package mutating func readLength(limit: Int) throws(BorshError) -> Int {
        let start = offset
        let length = Int(try readUInt32())
        guard length <= limit else {
            throw .lengthOverLimit(offset: start, length: length, limit: limit)
        }
        return length
    }

    private mutating func readInteger<Value: FixedWidthInteger & UnsignedInteger>()
        throws(BorshError) -> Value
    {
        var value: Value = 0
        var shift = 0
        for byte in try readRaw(count: Value.bitWidth / 8) {
            value |= Value(truncatingIfNeeded: byte) << shift
            shift += 8
        }
        return value
    }
}

/// Throws `invalidValue` for the field unless the condition holds.
extension BorshReader {
    package func require(_ condition: Bool, _ field: FieldName) throws(BorshError) {
        guard condition else { throw .invalidValue(offset: offset, field: field) }
    }
}
