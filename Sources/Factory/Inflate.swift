// Deflate (RFC 1951) in gzip's wrapping (RFC 1952), for compressed Parquet pages.

struct Inflate {
    private var reader: ParquetBytes
    private var bits: UInt32 = 0
    private var count: UInt32 = 0
    private let limit: Int
    private var result: [UInt8] = []

    /// - Parameter limit: the most bytes that may come out.
    static func decompress(
        gzip bytes: ArraySlice<UInt8>,
        limit: Int
    ) throws(ParquetError) -> [UInt8] {
        var reader = ParquetBytes(bytes)
        let head = Array(try reader.take(10))
        guard head[0] == 0x1f, head[1] == 0x8b, head[2] == 8 else { throw .malformed("gzip data") }
        let flags = head[3]
        if flags & 4 != 0 { _ = try reader.take(Int(try reader.littleEndian(2))) }
        // A name and a comment end with a zero byte.
        for flag: UInt8 in [8, 16] where flags & flag != 0 { while try reader.byte() != 0 {} }
        if flags & 2 != 0 { _ = try reader.take(2) }
        var inflate = Inflate(reader: reader, limit: limit)
        try inflate.run()
        return inflate.result
    }

    private init(reader: ParquetBytes, limit: Int) {
        self.reader = reader
        self.limit = limit
    }

    private mutating func run() throws(ParquetError) {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try stored()
            case 1: try block(Self.fixedLiterals, Self.fixedDistances)
            case 2: try dynamic()
            default: throw .malformed("gzip data")
            }
        }
    }

    private mutating func take(_ wanted: UInt32) throws(ParquetError) -> Int {
        while count < wanted {
            bits |= UInt32(try reader.byte()) << count
            count += 8
        }
        let value = bits & (1 << wanted - 1)
        bits >>= wanted
        count -= wanted
        return Int(value)
    }

    private mutating func append(_ byte: UInt8) throws(ParquetError) {
        guard result.count < limit else {
            throw .overLimit(
                what: "bytes of a page",
                found: UInt64(limit) + 1,
                limit: limit
            )
        }
        result.append(byte)
    }

    private mutating func stored() throws(ParquetError) {
        bits = 0
        count = 0
        let length = try reader.littleEndian(2)
        guard try reader.littleEndian(2) == ~length & 0xffff else { throw .malformed("gzip data") }
        for byte in try reader.take(Int(length)) { try append(byte) }
    }

    /// A canonical Huffman code: how many codes there are of each length, and their symbols.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        init(_ lengths: [Int]) {
            for length in lengths where length > 0 { counts[length] += 1 }
            for length in 1...15 {
                for (symbol, own) in lengths.enumerated() where own == length {
                    symbols.append(symbol)
                }
            }
        }
    }

    private mutating func symbol(_ code: Code) throws(ParquetError) -> Int {
        var value = 0
        var first = 0
        var index = 0
        for length in 1...15 {
            value |= try take(1)
            let number = code.counts[length]
            if value - first < number { return code.symbols[index + value - first] }
            index += number
            first = (first + number) << 1
            value <<= 1
        }
        throw .malformed("gzip data")
    }

    private static let fixedLiterals = Code(
        [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112)
            + [Int](repeating: 7, count: 24) + [Int](repeating: 8, count: 8)
    )
    private static let fixedDistances = Code([Int](repeating: 5, count: 30))
    private static let lengthBase = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258,
    ]
    private static let lengthBits: [UInt32] = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBase = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
        2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
    ]

    private mutating func block(
        _ literals: Code,
        _ distances: Code
    ) throws(ParquetError) {
        while true {
            let symbol = try symbol(literals)
            if symbol < 256 {
                try append(UInt8(symbol))
                continue
            }
            if symbol == 256 { return }
            guard symbol < 286 else { throw .malformed("gzip data") }
            let length = Self.lengthBase[symbol - 257] + (try take(Self.lengthBits[symbol - 257]))
            let place = try self.symbol(distances)
            guard place < 30 else { throw .malformed("gzip data") }
            let extra = UInt32(max(0, place / 2 - 1))
            let distance = Self.distanceBase[place] + (try take(extra))
            guard distance <= result.count else { throw .malformed("gzip data") }
            for _ in 0..<length { try append(result[result.count - distance]) }
        }
    }

    private static let lengthOrder = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ]

    private mutating func dynamic() throws(ParquetError) {
        let literals = try take(5) + 257
        let distances = try take(5) + 1
        let codes = try take(4) + 4
        var lengths = [Int](repeating: 0, count: 19)
        for place in 0..<codes { lengths[Self.lengthOrder[place]] = try take(3) }
        let code = Code(lengths)
        lengths = []
        while lengths.count < literals + distances {
            switch try symbol(code) {
            case let length where length < 16: lengths.append(length)
            case 16:
                guard let last = lengths.last else { throw .malformed("gzip data") }
                lengths += [Int](repeating: last, count: try take(2) + 3)
            case 17: lengths += [Int](repeating: 0, count: try take(3) + 3)
            default: lengths += [Int](repeating: 0, count: try take(7) + 11)
            }
        }
        guard lengths.count == literals + distances else { throw .malformed("gzip data") }
        try block(Code(Array(lengths[..<literals])), Code(Array(lengths[literals...])))
    }
}
