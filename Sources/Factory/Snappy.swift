// Snappy's raw format (google/snappy, format_description.txt): a length, then literals and copies.

enum Snappy {
    /// - Parameter limit: the most bytes that may come out.
    static func decompress(
        _ bytes: ArraySlice<UInt8>,
        limit: Int
    ) throws(ParquetError) -> [UInt8] {
        var reader = ParquetBytes(bytes)
        let length = try reader.varint()
        guard length <= UInt64(limit) else {
            throw .overLimit(what: "bytes of a page", found: length, limit: limit)
        }
        let total = Int(length)
        var result: [UInt8] = []
        result.reserveCapacity(total)
        while !reader.isAtEnd {
            let tag = try reader.byte()
            switch tag & 3 {
            case 0:
                var size = Int(tag >> 2)
                if size >= 60 { size = Int(try reader.littleEndian(size - 59)) }
                let literal = try reader.take(size + 1)
                guard literal.count <= total - result.count else { throw .malformed("Snappy data") }
                result += literal
            case 1:
                let offset = Int(tag >> 5) << 8 | Int(try reader.byte())
                try copy(Int(tag >> 2 & 7) + 4, offset, total, &result)
            case 2:
                let offset = Int(try reader.littleEndian(2))
                try copy(Int(tag >> 2) + 1, offset, total, &result)
            default:
                let offset = Int(try reader.littleEndian(4))
                try copy(Int(tag >> 2) + 1, offset, total, &result)
            }
        }
        guard result.count == total else { throw .malformed("Snappy data") }
        return result
    }

    /// The source may overlap what is being written: a short pattern repeats.
    private static func copy(
        _ length: Int,
        _ offset: Int,
        _ total: Int,
        _ result: inout [UInt8]
    ) throws(ParquetError) {
        guard offset > 0, offset <= result.count, length <= total - result.count else {
            throw .malformed("Snappy data")
        }
        let start = result.count - offset
        for place in start..<start + length { result.append(result[place]) }
    }
}
