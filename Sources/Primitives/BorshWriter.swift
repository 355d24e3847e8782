/// Appends Borsh-encoded values to a buffer.
package struct BorshWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    /// Most values are shorter than this, so their buffer never moves.
    private static let expectedBytes = 192

    package init() { bytes.reserveCapacity(Self.expectedBytes) }

    package mutating func write(_ value: some FixedWidthInteger & UnsignedInteger) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ value: Int32) { write(UInt32(bitPattern: value)) }
    package mutating func write(_ value: Int64) { write(UInt64(bitPattern: value)) }
    package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }
    package mutating func write(_ value: some BorshEncodable) { value.encode(to: &self) }

    /// Writes bytes without a length; the reader must know how many follow.
    package mutating func writeRaw(_ raw: [UInt8]) { bytes.append(contentsOf: raw) }

    package mutating func writeRaw(_ raw: UnsafeRawBufferPointer) {
        unsafe bytes.append(contentsOf: raw)
    }

    /// - Precondition: the length fits a `UInt32`.
    package mutating func writeBytes(_ value: [UInt8]) {
        writeLength(value.count)
        bytes.append(contentsOf: value)
    }

    package mutating func writeArray(_ values: [some BorshEncodable]) {
        writeLength(values.count)
        for value in values { value.encode(to: &self) }
    }

    package mutating func writeOptional(_ value: (some BorshEncodable)?) {
        write(value != nil)
        if let value { value.encode(to: &self) }
    }

    package mutating func writeLength(_ length: Int) { write(UInt32(length)) }
}
