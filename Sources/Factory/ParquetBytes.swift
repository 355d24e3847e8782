// Reading bytes of a Parquet file; every length is checked before memory is taken.

package enum ParquetError: Error, Equatable {
    case notParquet
    case truncated
    case malformed(String)
    case unsupported(String)
    case overLimit(what: String, found: UInt64, limit: Int)
}

extension ParquetError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notParquet: "the file is no Parquet file"
        case .truncated: "the Parquet file is cut off"
        case .malformed(let what): "malformed \(what) in the Parquet file"
        case .unsupported(let what): "\(what) in the Parquet file is not supported"
        case .overLimit(let what, let found, let limit):
            "the Parquet file has \(found) \(what), more than the limit of \(limit)"
        }
    }
}

struct ParquetBytes {
    private let bytes: ArraySlice<UInt8>
    private(set) var place: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    var isAtEnd: Bool { place == bytes.endIndex }
    var rest: ArraySlice<UInt8> { bytes[place...] }

    mutating func byte() throws(ParquetError) -> UInt8 {
        guard place < bytes.endIndex else { throw .truncated }
        defer { place += 1 }
        return bytes[place]
    }

    mutating func take(_ count: Int) throws(ParquetError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.endIndex - place else { throw .truncated }
        defer { place += count }
        return bytes[place..<place + count]
    }

    /// An unsigned integer of up to eight bytes.
    mutating func littleEndian(_ count: Int) throws(ParquetError) -> UInt64 {
        var value: UInt64 = 0
        for (shift, byte) in try take(count).enumerated() { value |= UInt64(byte) << (8 * shift) }
        return value
    }

    mutating func varint() throws(ParquetError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, through: 63, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw .malformed("number")
    }

    mutating func zigzag() throws(ParquetError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

/// A value of Thrift's compact protocol, which Parquet's metadata is written in.
indirect enum ThriftValue {
    case bool(Bool)
    case integer(Int64)
    case bytes(ArraySlice<UInt8>)
    case list([ThriftValue])
    case fields([Int: ThriftValue])
    /// Doubles and maps, which nothing here asks for.
    case other

    private static let depthLimit = 24
    private static let elementLimit = 1 << 20

    /// A struct: fields by number.
    static func fields(
        _ reader: inout ParquetBytes,
        depth: Int = 0
    ) throws(ParquetError) -> [Int: ThriftValue] {
        guard depth < depthLimit else { throw .malformed("metadata") }
        var fields: [Int: ThriftValue] = [:]
        var last: Int64 = 0
        while true {
            let head = try reader.byte()
            if head == 0 { return fields }
            let delta = Int64(head >> 4)
            last = delta == 0 ? try reader.zigzag() : last &+ delta
            guard (0...4096).contains(last) else { throw .malformed("metadata") }
            let kind = head & 15
            fields[Int(last)] =
                kind == 1 || kind == 2
                ? .bool(kind == 1) : try value(kind, &reader, depth: depth + 1)
        }
    }

    private static func value(
        _ kind: UInt8,
        _ reader: inout ParquetBytes,
        depth: Int
    ) throws(ParquetError) -> ThriftValue {
        switch kind {
        case 1, 2: return .bool(try reader.byte() == 1)
        case 3: return .integer(Int64(Int8(bitPattern: try reader.byte())))
        case 4, 5, 6: return .integer(try reader.zigzag())
        case 7:
            _ = try reader.take(8)
            return .other
        case 8:
            let length = try reader.varint()
            guard let count = Int(exactly: length) else { throw .truncated }
            return .bytes(try reader.take(count))
        case 9, 10: return .list(try list(&reader, depth: depth))
        case 12: return .fields(try fields(&reader, depth: depth))
        default: throw .unsupported("a metadata field of kind \(kind)")
        }
    }

    private static func list(
        _ reader: inout ParquetBytes,
        depth: Int
    ) throws(ParquetError) -> [ThriftValue] {
        let head = try reader.byte()
        let count = head >> 4 == 15 ? try reader.varint() : UInt64(head >> 4)
        guard count <= UInt64(elementLimit), depth < depthLimit else {
            throw .overLimit(what: "metadata elements", found: count, limit: elementLimit)
        }
        var values: [ThriftValue] = []
        for _ in 0..<count { values.append(try value(head & 15, &reader, depth: depth + 1)) }
        return values
    }

    var integer: Int? {
        if case .integer(let value) = self { Int(exactly: value) } else { nil }
    }

    var list: [ThriftValue]? {
        if case .list(let values) = self { values } else { nil }
    }

    var fields: [Int: ThriftValue]? {
        if case .fields(let fields) = self { fields } else { nil }
    }

    var text: String? {
        if case .bytes(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
    }
}
