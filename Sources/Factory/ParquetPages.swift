// The pages of one column chunk: levels and values of strings.

/// A column's entries in a row group, an entry being a value or the lack of one.
struct ParquetEntries {
    var repetitions: [UInt8] = []
    var definitions: [UInt8] = []
    /// One for each entry of the greatest definition level.
    var values: [ArraySlice<UInt8>] = []
}

struct ParquetPages {
    static let pageLimit = 64 << 20
    /// Entries of one chunk; a run-length code can claim many in a few bytes.
    static let entryLimit = 1 << 20

    private let column: ParquetColumn
    private let codec: Int
    private var dictionary: [ArraySlice<UInt8>]?
    private var entries = ParquetEntries()

    static func entries(
        of chunk: ParquetChunk,
        _ column: ParquetColumn,
        in file: ArraySlice<UInt8>
    ) throws(ParquetError) -> ParquetEntries {
        // BYTE_ARRAY is the type of strings.
        guard column.type == 6 else {
            throw .unsupported(
                "the column \(column.path.joined(separator: ".")), which has no text,"
            )
        }
        guard column.maxRepetition <= 1, column.maxDefinition <= 15 else {
            throw .unsupported("a list inside a list")
        }
        guard chunk.valueCount <= entryLimit else {
            throw .overLimit(
                what: "entries of a column",
                found: UInt64(chunk.valueCount),
                limit: entryLimit
            )
        }
        guard chunk.start <= file.count, chunk.size <= file.count - chunk.start else {
            throw .truncated
        }
        let start = file.startIndex + chunk.start
        var reader = ParquetBytes(file[start..<start + chunk.size])
        var pages = ParquetPages(column: column, codec: chunk.codec)
        while pages.entries.definitions.count < chunk.valueCount {
            try pages.page(&reader, left: chunk.valueCount - pages.entries.definitions.count)
        }
        return pages.entries
    }

    private init(column: ParquetColumn, codec: Int) {
        self.column = column
        self.codec = codec
    }

    private mutating func page(
        _ reader: inout ParquetBytes,
        left: Int
    ) throws(ParquetError) {
        let header = try ThriftValue.fields(&reader)
        guard let kind = header[1]?.integer, let size = header[2]?.integer,
            let compressed = header[3]?.integer, size >= 0, compressed >= 0
        else { throw .malformed("page header") }
        guard size <= Self.pageLimit else {
            throw .overLimit(what: "bytes of a page", found: UInt64(size), limit: Self.pageLimit)
        }
        let data = try reader.take(compressed)
        switch kind {
        case 0:
            guard let fields = header[5]?.fields, let count = fields[1]?.integer,
                let encoding = fields[2]?.integer, (1...left).contains(count)
            else { throw .malformed("page header") }
            try dataPage(expand(data, size), count, encoding)
        case 1: break
        case 2:
            guard let fields = header[7]?.fields, let count = fields[1]?.integer,
                (0...Self.entryLimit).contains(count)
            else { throw .malformed("page header") }
            dictionary = try Self.plain(expand(data, size), count)
        case 3:
            guard let fields = header[8]?.fields, let count = fields[1]?.integer,
                (1...left).contains(count)
            else { throw .malformed("page header") }
            try dataPage2(data, size, count, fields)
        default: throw .unsupported("a page of kind \(kind)")
        }
    }

    private func expand(
        _ data: ArraySlice<UInt8>,
        _ size: Int
    ) throws(ParquetError) -> ArraySlice<UInt8> {
        let result: ArraySlice<UInt8>
        switch codec {
        case 0: result = data
        case 1: result = try Snappy.decompress(data, limit: size)[...]
        case 2: result = try Inflate.decompress(gzip: data, limit: size)[...]
        case 6: throw .unsupported("Zstandard compression")
        case 4: throw .unsupported("Brotli compression")
        case 5, 7: throw .unsupported("LZ4 compression")
        default: throw .unsupported("compression \(codec)")
        }
        guard result.count == size else { throw .malformed("page") }
        return result
    }

    /// Version 1: levels with their lengths, then values, all compressed together.
    private mutating func dataPage(
        _ data: ArraySlice<UInt8>,
        _ count: Int,
        _ encoding: Int
    ) throws(ParquetError) {
        var reader = ParquetBytes(data)
        var levels: [[UInt8]] = []
        for most in [column.maxRepetition, column.maxDefinition] {
            guard most > 0 else {
                levels.append([UInt8](repeating: 0, count: count))
                continue
            }
            let bytes = try reader.take(Int(try reader.littleEndian(4)))
            levels.append(try Self.levels(bytes, count, most))
        }
        try append(levels[0], levels[1], reader.rest, encoding)
    }

    /// Version 2: levels first and never compressed.
    private mutating func dataPage2(
        _ data: ArraySlice<UInt8>,
        _ size: Int,
        _ count: Int,
        _ fields: [Int: ThriftValue]
    ) throws(ParquetError) {
        guard let encoding = fields[4]?.integer, let definitionSize = fields[5]?.integer,
            let repetitionSize = fields[6]?.integer
        else { throw .malformed("page header") }
        var reader = ParquetBytes(data)
        let repetitions = try Self.levels(
            reader.take(repetitionSize),
            count,
            column.maxRepetition
        )
        let definitions = try Self.levels(reader.take(definitionSize), count, column.maxDefinition)
        let valuesSize = size - definitionSize - repetitionSize
        guard valuesSize >= 0 else { throw .malformed("page header") }
        var values = reader.rest
        var isCompressed = true
        if case .bool(false)? = fields[7] { isCompressed = false }
        if isCompressed, !values.isEmpty { values = try expand(values, valuesSize) }
        try append(repetitions, definitions, values, encoding)
    }

    private static func levels(
        _ bytes: ArraySlice<UInt8>,
        _ count: Int,
        _ most: Int
    ) throws(ParquetError) -> [UInt8] {
        guard most > 0 else { return [UInt8](repeating: 0, count: count) }
        let width = Int.bitWidth - most.leadingZeroBitCount
        let levels = try hybrid(bytes, width: width, count: count)
        guard levels.allSatisfy({ $0 <= most }) else { throw .malformed("levels") }
        return levels.map { UInt8($0) }
    }

    private mutating func append(
        _ repetitions: [UInt8],
        _ definitions: [UInt8],
        _ data: ArraySlice<UInt8>,
        _ encoding: Int
    ) throws(ParquetError) {
        let count = definitions.count { Int($0) == column.maxDefinition }
        let values: [ArraySlice<UInt8>]
        switch encoding {
        case 0: values = try Self.plain(data, count)
        case 2, 8:
            guard let dictionary else { throw .malformed("dictionary") }
            guard count > 0 else {
                values = []
                break
            }
            var reader = ParquetBytes(data)
            let width = Int(try reader.byte())
            let places = try Self.hybrid(reader.rest, width: width, count: count)
            guard places.allSatisfy({ $0 < dictionary.count }) else {
                throw .malformed("dictionary")
            }
            values = places.map { dictionary[$0] }
        default: throw .unsupported("encoding \(encoding)")
        }
        entries.repetitions += repetitions
        entries.definitions += definitions
        entries.values += values
    }

    /// Strings, each after its length.
    private static func plain(
        _ data: ArraySlice<UInt8>,
        _ count: Int
    ) throws(ParquetError) -> [ArraySlice<UInt8>] {
        var reader = ParquetBytes(data)
        var values: [ArraySlice<UInt8>] = []
        for _ in 0..<count { values.append(try reader.take(Int(try reader.littleEndian(4)))) }
        return values
    }

    /// The hybrid of runs and packed bits that levels and dictionary places are in.
    static func hybrid(
        _ data: ArraySlice<UInt8>,
        width: Int,
        count: Int
    ) throws(ParquetError) -> [Int] {
        guard (0...32).contains(width) else { throw .malformed("bit width") }
        guard width > 0 else { return [Int](repeating: 0, count: count) }
        var reader = ParquetBytes(data)
        var values: [Int] = []
        while values.count < count {
            let head = try reader.varint()
            let left = count - values.count
            if head & 1 == 0 {
                let value = Int(try reader.littleEndian((width + 7) / 8))
                guard head > 1 else { throw .malformed("run") }
                let length = Int(min(head >> 1, UInt64(left)))
                values += [Int](repeating: value, count: length)
            } else {
                guard head >> 1 <= UInt64(ParquetPages.entryLimit), head > 1 else {
                    throw .malformed("run")
                }
                let packed = try reader.take(Int(head >> 1) * width)
                Self.unpack(packed, width: width, count: min(left, Int(head >> 1) * 8), to: &values)
            }
        }
        return values
    }

    /// Values of `width` bits, the lowest bits of a byte first.
    private static func unpack(
        _ bytes: ArraySlice<UInt8>,
        width: Int,
        count: Int,
        to values: inout [Int]
    ) {
        var bits: UInt64 = 0
        var available = 0
        var place = bytes.startIndex
        for _ in 0..<count {
            while available < width {
                bits |= UInt64(bytes[place]) << available
                place += 1
                available += 8
            }
            values.append(Int(bits & (1 << width - 1)))
            bits >>= width
            available -= width
        }
    }
}
