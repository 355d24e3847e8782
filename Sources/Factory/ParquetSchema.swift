// What a Parquet file's footer says: columns, their levels, and where their pages are
// (apache/parquet-format, parquet.thrift).

/// A column of values, that is, a leaf of the schema.
struct ParquetColumn {
    /// Names from the outermost field to the value.
    let path: [String]
    let type: Int
    /// The definition level of a value that is there.
    let maxDefinition: Int
    let maxRepetition: Int
    /// The definition level from which the list that the column is in has an element.
    let elementDefinition: Int
    /// The definition level from which the list itself is there, be it empty.
    let listDefinition: Int
}

struct ParquetChunk {
    let path: [String]
    let codec: Int
    let valueCount: Int
    let start: Int
    let size: Int
}

struct ParquetSchema {
    static let footerLimit = 32 << 20
    private static let depthLimit = 16

    private(set) var columns: [ParquetColumn] = []
    /// Row groups in order, each with its number of rows and its chunks.
    private(set) var groups: [(rows: Int, chunks: [ParquetChunk])] = []

    init(_ file: ArraySlice<UInt8>) throws(ParquetError) {
        let magic = Array("PAR1".utf8)
        guard file.count >= 12, file.starts(with: magic), file.suffix(4).elementsEqual(magic) else {
            throw .notParquet
        }
        var tail = ParquetBytes(file.suffix(8))
        let length = try tail.littleEndian(4)
        guard length <= UInt64(min(Self.footerLimit, file.count - 12)) else { throw .truncated }
        var reader = ParquetBytes(file.dropLast(8).suffix(Int(length)))
        let footer = try ThriftValue.fields(&reader)
        guard let elements = footer[2]?.list else { throw .malformed("schema") }
        var place = 0
        try walk(elements, &place, Walk(), depth: 0)
        guard place == elements.count else { throw .malformed("schema") }
        for group in footer[4]?.list ?? [] {
            guard let fields = group.fields, let rows = fields[3]?.integer, rows >= 0 else {
                throw .malformed("row group")
            }
            var chunks: [ParquetChunk] = []
            for chunk in fields[1]?.list ?? [] { chunks.append(try Self.chunk(chunk)) }
            groups.append((rows, chunks))
        }
    }

    /// What holds for everything below a field.
    private struct Walk {
        var path: [String] = []
        var definition = 0
        var repetition = 0
        var elementDefinition = 0
        var listDefinition = 0
    }

    private mutating func walk(
        _ elements: [ThriftValue],
        _ place: inout Int,
        _ above: Walk,
        depth: Int
    ) throws(ParquetError) {
        guard depth < Self.depthLimit, place < elements.count, let fields = elements[place].fields
        else { throw .malformed("schema") }
        place += 1
        var walk = above
        // The root is a field without repetition.
        if depth > 0 {
            guard let name = fields[4]?.text else { throw .malformed("schema") }
            walk.path.append(name)
            switch fields[3]?.integer {
            case 0: break
            case 1: walk.definition += 1
            case 2:
                walk.listDefinition = walk.definition
                walk.definition += 1
                walk.repetition += 1
                walk.elementDefinition = walk.definition
            default: throw .malformed("schema")
            }
        }
        guard let children = fields[5]?.integer, children > 0 else {
            guard let type = fields[1]?.integer else {
                // A root without columns.
                guard depth == 0 else { throw .malformed("schema") }
                return
            }
            columns.append(
                ParquetColumn(
                    path: walk.path,
                    type: type,
                    maxDefinition: walk.definition,
                    maxRepetition: walk.repetition,
                    elementDefinition: walk.elementDefinition,
                    listDefinition: walk.listDefinition
                )
            )
            return
        }
        for _ in 0..<children { try self.walk(elements, &place, walk, depth: depth + 1) }
    }

    private static func chunk(_ value: ThriftValue) throws(ParquetError) -> ParquetChunk {
        guard let fields = value.fields else { throw .malformed("column chunk") }
        if fields[1] != nil { throw .unsupported("a column in another file") }
        guard let data = fields[3]?.fields, let codec = data[4]?.integer,
            let values = data[5]?.integer, let size = data[7]?.integer,
            let first = data[9]?.integer, values >= 0, size >= 0, first >= 0
        else { throw .malformed("column chunk") }
        // A dictionary stands before the data; some writers state an offset of 0 for none.
        var start = first
        if let dictionary = data[11]?.integer, dictionary > 0 { start = min(first, dictionary) }
        return ParquetChunk(
            path: (data[3]?.list ?? []).map { $0.text ?? "" },
            codec: codec,
            valueCount: values,
            start: start,
            size: size
        )
    }
}
