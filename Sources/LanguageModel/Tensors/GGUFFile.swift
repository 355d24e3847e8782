// Reads GGUF version 3: header, key-value pairs, tensor infos, aligned data. Tensors must follow
// one another in the order of their infos, so that every byte of the file has one meaning.

/// A parsed file that still holds its bytes.
package struct GGUFFile: Sendable {
    package struct Entry: Sendable, Equatable {
        package let name: TensorName
        package let type: GGUFType
        /// Outermost dimension first; the file stores them the other way round.
        package let shape: [Int]
        /// Where the data lies in the file.
        package let range: Range<Int>
    }

    package static let tensorLimit = 4096
    package static let keyLimit = 4096
    package static let keyBytesLimit = 65535
    package static let nameLimit = 64
    package static let dimensionLimit = 4

    package let entries: [Entry]
    private let values: [TensorName: GGUFValue]
    private let places: [TensorName: Int]
    private let file: [UInt8]

    package init(_ file: [UInt8]) throws(GGUFError) {
        var reader = GGUFReader(file)
        guard try reader.take(4).elementsEqual("GGUF".utf8) else { throw .notGGUF }
        let version = try reader.integer(UInt32.self)
        guard version == 3 else { throw .unsupportedVersion(version) }
        let tensorCount = try reader.count("tensor count", limit: Self.tensorLimit)
        let keyCount = try reader.count("key count", limit: Self.keyLimit)
        values = try Self.values(keyCount, from: &reader)
        let alignment = try Self.alignment(values)
        var infos: [Info] = []
        for _ in 0..<tensorCount { infos.append(try Self.info(from: &reader)) }
        (entries, places) = try Self.place(infos, in: file, after: reader.offset, alignment)
        self.file = file
    }

    package func value(_ key: String) -> GGUFValue? { values[TensorName(key)] }

    package func entry(named name: TensorName) -> Entry? { places[name].map { entries[$0] } }

    package func bytes(of entry: Entry) -> ArraySlice<UInt8> { file[entry.range] }

    /// The tensor's elements as float32; NaN and infinity are refused.
    package func floats(of entry: Entry) throws(GGUFError) -> [Float] {
        let values = entry.type.dequantize(file[entry.range])
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(entry.name, index: index)
        }
        return values
    }
}

extension GGUFFile {
    /// The value of a key that must be an integer from 0 to `Int.max`.
    package func integer(_ key: String) throws(GGUFError) -> Int {
        switch value(key) {
        case .unsigned(let value):
            guard let value = Int(exactly: value) else { throw .wrongKind(key) }
            return value
        case .signed(let value) where value >= 0: return Int(value)
        case nil: throw .missingKey(key)
        default: throw .wrongKind(key)
        }
    }

    package func real(_ key: String) throws(GGUFError) -> Double {
        switch value(key) {
        case .real(let value): return value
        case nil: throw .missingKey(key)
        default: throw .wrongKind(key)
        }
    }

    package func string(_ key: String) throws(GGUFError) -> [UInt8] {
        switch value(key) {
        case .string(let value): return value
        case nil: throw .missingKey(key)
        default: throw .wrongKind(key)
        }
    }

    package func strings(_ key: String) throws(GGUFError) -> [[UInt8]] {
        switch value(key) {
        case .strings(let value): return value
        case nil: throw .missingKey(key)
        default: throw .wrongKind(key)
        }
    }
}

extension GGUFFile {
    private struct Info {
        let name: TensorName
        let type: GGUFType
        let shape: [Int]
        let byteCount: Int
        let offset: UInt64
    }

    private static func values(
        _ count: Int,
        from reader: inout GGUFReader
    ) throws(GGUFError) -> [TensorName: GGUFValue] {
        var values: [TensorName: GGUFValue] = [:]
        for _ in 0..<count {
            let key = TensorName(try reader.string("key", limit: keyBytesLimit))
            guard !key.bytes.isEmpty, key.bytes.allSatisfy({ (0x20..<0x7f).contains($0) }) else {
                throw .invalidKey(key)
            }
            let value = try reader.value(of: key)
            guard values.updateValue(value, forKey: key) == nil else { throw .duplicateKey(key) }
        }
        return values
    }

    /// A power of two from 8 to 65,536; 32 unless the file says otherwise.
    private static func alignment(
        _ values: [TensorName: GGUFValue]
    ) throws(GGUFError) -> Int {
        guard let value = values["general.alignment"] else { return 32 }
        guard case .unsigned(let alignment) = value else { throw .wrongKind("general.alignment") }
        guard (8...65536).contains(alignment), alignment.nonzeroBitCount == 1 else {
            throw .invalidAlignment(alignment)
        }
        return Int(alignment)
    }

    private static func info(from reader: inout GGUFReader) throws(GGUFError) -> Info {
        let name = TensorName(try reader.string("tensor name", limit: nameLimit))
        let dimensions = try reader.integer(UInt32.self)
        guard dimensions <= UInt32(dimensionLimit) else {
            throw .overLimit(
                field: "dimensions of \(name)",
                found: UInt64(dimensions),
                limit: dimensionLimit
            )
        }
        var shape: [Int] = []
        for _ in 0..<dimensions {
            guard let size = Int(exactly: try reader.integer(UInt64.self)) else {
                throw .shapeTooLarge(name)
            }
            shape.insert(size, at: 0)
        }
        let rawType = try reader.integer(UInt32.self)
        guard let type = GGUFType(rawValue: rawType) else {
            throw .unknownTensorType(name, rawType)
        }
        guard let count = elementCount(of: shape) else { throw .shapeTooLarge(name) }
        guard (shape.last ?? 1) % type.blockElements == 0 else { throw .brokenRow(name) }
        let (size, overflow) = (count / type.blockElements).multipliedReportingOverflow(
            by: type.blockBytes
        )
        guard !overflow else { throw .shapeTooLarge(name) }
        let offset = try reader.integer(UInt64.self)
        return Info(name: name, type: type, shape: shape, byteCount: size, offset: offset)
    }

    private static func place(
        _ infos: [Info],
        in file: [UInt8],
        after headerEnd: Int,
        _ alignment: Int
    ) throws(GGUFError) -> ([Entry], [TensorName: Int]) {
        func aligned(_ value: Int) -> Int { (value + alignment - 1) / alignment * alignment }
        let start = aligned(headerEnd)
        var entries: [Entry] = []
        var places: [TensorName: Int] = [:]
        var next = 0
        var end = headerEnd
        for info in infos {
            guard info.offset == UInt64(next) else {
                throw .misplaced(info.name, expected: next, found: info.offset)
            }
            guard info.byteCount <= file.count - min(file.count, start + next) else {
                throw .truncated(offset: file.count, needed: UInt64(info.byteCount))
            }
            guard places.updateValue(entries.count, forKey: info.name) == nil else {
                throw .duplicateTensor(info.name)
            }
            end = start + next + info.byteCount
            let range = start + next..<end
            entries.append(
                Entry(name: info.name, type: info.type, shape: info.shape, range: range)
            )
            next = aligned(next + info.byteCount)
        }
        // The last tensor may be padded to the alignment, and nothing may follow.
        guard file.count <= max(aligned(end), start) else { throw .trailingBytes(file.count - end) }
        return (entries, places)
    }
}
