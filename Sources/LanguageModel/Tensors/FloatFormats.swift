// Narrow floating-point formats to and from float32, by bits: every value of the narrow format is
// a float32, so widening is exact on any machine.

package enum FloatFormats {
    /// IEEE 754 binary16.
    package static func widen(half bits: UInt16) -> Float {
        let sign = UInt32(bits >> 15) << 31
        let exponent = UInt32(bits >> 10) & 0x1f
        let fraction = UInt32(bits) & 0x3ff
        switch exponent {
        case 0:
            // Zero and subnormals: fraction × 2⁻²⁴, exact in float32.
            let magnitude = Float(fraction) * 0x1p-24
            return Float(bitPattern: sign | magnitude.bitPattern)
        case 0x1f:
            return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default:
            return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// The upper half of a float32.
    package static func widen(brain bits: UInt16) -> Float {
        Float(bitPattern: UInt32(bits) << 16)
    }

    /// Little-endian float32 values, in order.
    ///
    /// - Precondition: the number of bytes is a multiple of 4.
    package static func floats(littleEndian bytes: ArraySlice<UInt8>) -> [Float] {
        precondition(bytes.count % 4 == 0)
        var values: [Float] = []
        values.reserveCapacity(bytes.count / 4)
        var place = bytes.startIndex
        while place < bytes.endIndex {
            values.append(Float(bitPattern: littleEndian32(bytes, place)))
            place += 4
        }
        return values
    }

    package static func bytes(littleEndian values: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * 4)
        for value in values {
            let bits = value.bitPattern
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
        }
        return bytes
    }

    /// - Precondition: two bytes from `place` exist.
    static func littleEndian16(_ bytes: ArraySlice<UInt8>, _ place: Int) -> UInt16 {
        UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
    }

    /// - Precondition: four bytes from `place` exist.
    static func littleEndian32(_ bytes: ArraySlice<UInt8>, _ place: Int) -> UInt32 {
        UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
            | UInt32(bytes[place + 3]) << 24
    }
}
