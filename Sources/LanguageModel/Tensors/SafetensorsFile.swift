// Reads safetensors: u64 length, JSON header, data. Stricter than the reference reader, which lets
// duplicate keys, extra fields and a leading space pass: a file that two readers could understand
// in two ways must not be committed to a chain.

package import JSON

package enum SafetensorsError: Error, Equatable {
    case truncated(needed: Int, found: Int)
    case headerTooLong(length: UInt64, limit: Int)
    case headerNotAnObject
    case headerPadding(offset: Int)
    case invalidHeader(JSONError)
    case metadataNotStrings
    case tooManyTensors(count: Int, limit: Int)
    case nameTooLong(TensorName, limit: Int)
    /// A field is absent, unknown or of the wrong kind.
    case invalidField(TensorName, field: String)
    case unknownType(TensorName, String)
    case shapeTooLarge(TensorName)
    case sizeMismatch(TensorName, expected: Int, found: Int)
    /// A hole or an overlap before this tensor.
    case notContiguous(TensorName, expected: Int, found: Int)
    case trailingBytes(Int)
    /// The element type is known, but cannot be read as float32.
    case notReal(TensorName, SafetensorsType)
    case notFinite(TensorName, index: Int)
}

/// A parsed file that still holds its bytes.
package struct SafetensorsFile: Sendable {
    package struct Entry: Sendable, Equatable {
        package let name: TensorName
        package let type: SafetensorsType
        package let shape: [Int]
        /// Where the data lies in the file.
        package let range: Range<Int>
    }

    package static let headerLimit = 1 << 20
    package static let tensorLimit = 4096
    package static let nameLimit = 512
    package static let dimensionLimit = 8

    /// In the order of the data.
    package let entries: [Entry]
    package let metadata: [(key: String, value: String)]
    private let file: [UInt8]

    package init(_ file: [UInt8]) throws(SafetensorsError) {
        let headerEnd = try Self.headerEnd(of: file)
        let header = try Self.header(Array(file[8..<headerEnd]))
        var metadata: [(key: String, value: String)] = []
        var entries: [Entry] = []
        for member in header.members {
            if member.key == "__metadata__" {
                metadata = try Self.metadata(member.value)
            } else {
                entries.append(try Self.entry(member, dataStart: headerEnd))
            }
            guard entries.count <= Self.tensorLimit else {
                throw .tooManyTensors(count: header.members.count, limit: Self.tensorLimit)
            }
        }
        // Empty tensors share their offset with a neighbour; the end breaks that tie, then the name.
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound, $0.name)
                < ($1.range.lowerBound, $1.range.upperBound, $1.name)
        }
        try Self.checkCover(entries, from: headerEnd, to: file.count)
        self.entries = entries
        self.metadata = metadata
        self.file = file
    }

    package func entry(named name: TensorName) -> Entry? { entries.first { $0.name == name } }

    package func bytes(of entry: Entry) -> ArraySlice<UInt8> { file[entry.range] }

    /// The tensor's elements as float32. F16 and BF16 are widened; NaN and infinity are refused.
    package func floats(of entry: Entry) throws(SafetensorsError) -> [Float] {
        let values: [Float]
        let data = bytes(of: entry)
        switch entry.type {
        case .f32: values = FloatFormats.floats(littleEndian: data)
        case .f16:
            values = stride(from: data.startIndex, to: data.endIndex, by: 2).map {
                FloatFormats.widen(half: FloatFormats.littleEndian16(data, $0))
            }
        case .bf16:
            values = stride(from: data.startIndex, to: data.endIndex, by: 2).map {
                FloatFormats.widen(brain: FloatFormats.littleEndian16(data, $0))
            }
        default: throw .notReal(entry.name, entry.type)
        }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(entry.name, index: index)
        }
        return values
    }

    package func tensor(_ entry: Entry) throws(SafetensorsError) -> NamedTensor {
        NamedTensor(name: entry.name, shape: entry.shape, values: try floats(of: entry))
    }
}

extension SafetensorsFile {
    private static func headerEnd(of file: [UInt8]) throws(SafetensorsError) -> Int {
        guard file.count >= 8 else { throw .truncated(needed: 8, found: file.count) }
        let length =
            UInt64(FloatFormats.littleEndian32(file[...], 0))
            | UInt64(FloatFormats.littleEndian32(file[...], 4)) << 32
        guard length <= UInt64(headerLimit) else {
            throw .headerTooLong(length: length, limit: headerLimit)
        }
        let end = 8 + Int(length)
        guard end <= file.count else { throw .truncated(needed: end, found: file.count) }
        return end
    }

    /// The header object; only spaces may follow it, and nothing may precede it.
    private static func header(_ bytes: [UInt8]) throws(SafetensorsError) -> JSONObject {
        guard bytes.first == UInt8(ascii: "{") else { throw .headerNotAnObject }
        let value: JSON
        do {
            value = try JSON.parse(bytes, byteLimit: headerLimit, depthLimit: 4)
        } catch {
            throw .invalidHeader(error)
        }
        guard let object = value.object else { throw .headerNotAnObject }
        let close = bytes.lastIndex(of: UInt8(ascii: "}")) ?? 0
        if let stray = bytes[close...].dropFirst().firstIndex(where: { $0 != 0x20 }) {
            throw .headerPadding(offset: 8 + stray)
        }
        return object
    }

    private static func metadata(
        _ value: JSON
    ) throws(SafetensorsError) -> [(key: String, value: String)] {
        guard let object = value.object else { throw .metadataNotStrings }
        var pairs: [(key: String, value: String)] = []
        for member in object.members {
            guard let text = member.value.string else { throw .metadataNotStrings }
            pairs.append((member.key, text))
        }
        return pairs
    }

    private static func entry(
        _ member: JSONObject.Member,
        dataStart: Int
    ) throws(SafetensorsError) -> Entry {
        let name = TensorName(member.key)
        guard member.key.utf8.count <= nameLimit else { throw .nameTooLong(name, limit: nameLimit) }
        guard let fields = member.value.object, fields.count == 3 else {
            throw .invalidField(name, field: "dtype, shape and data_offsets alone")
        }
        guard let typeName = fields["dtype"]?.string else {
            throw .invalidField(name, field: "dtype")
        }
        guard let type = SafetensorsType(name: typeName) else {
            throw .unknownType(name, typeName)
        }
        guard let shape = naturals(fields["shape"], limit: dimensionLimit) else {
            throw .invalidField(name, field: "shape")
        }
        guard let offsets = naturals(fields["data_offsets"], limit: 2), offsets.count == 2,
            offsets[0] <= offsets[1], offsets[1] <= Int.max - dataStart
        else { throw .invalidField(name, field: "data_offsets") }
        guard let size = type.byteCount(of: shape) else { throw .shapeTooLarge(name) }
        guard size == offsets[1] - offsets[0] else {
            throw .sizeMismatch(name, expected: size, found: offsets[1] - offsets[0])
        }
        let range = dataStart + offsets[0]..<dataStart + offsets[1]
        return Entry(name: name, type: type, shape: shape, range: range)
    }

    /// At most `limit` integers that are not negative.
    private static func naturals(_ value: JSON?, limit: Int) -> [Int]? {
        guard let items = value?.array, items.count <= limit else { return nil }
        var numbers: [Int] = []
        for item in items {
            guard let number = item.integer(Int.self), number >= 0 else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    private static func checkCover(
        _ entries: [Entry],
        from start: Int,
        to end: Int
    ) throws(SafetensorsError) {
        var place = start
        for entry in entries {
            guard entry.range.lowerBound == place else {
                throw .notContiguous(
                    entry.name,
                    expected: place - start,
                    found: entry.range.lowerBound - start
                )
            }
            place = entry.range.upperBound
        }
        guard place <= end else { throw .truncated(needed: place, found: end) }
        guard place == end else { throw .trailingBytes(end - place) }
    }
}
