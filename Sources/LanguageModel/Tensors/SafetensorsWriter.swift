// Writes safetensors byte for byte as the reference library does: tensors by element type (widest
// first) and then by name, a compact header padded with spaces to a multiple of 8.

import JSON

/// A tensor that is ready to be written.
package struct SafetensorsItem: Sendable {
    package let name: TensorName
    package let type: SafetensorsType
    package let shape: [Int]
    package let data: [UInt8]

    /// - Precondition: `data` has the length that `type` and `shape` ask for.
    package init(name: TensorName, type: SafetensorsType, shape: [Int], data: [UInt8]) {
        precondition(type.byteCount(of: shape) == data.count)
        self.name = name
        self.type = type
        self.shape = shape
        self.data = data
    }

    package init(_ tensor: NamedTensor) {
        self.init(
            name: tensor.name,
            type: .f32,
            shape: tensor.shape,
            data: FloatFormats.bytes(littleEndian: tensor.values)
        )
    }
}

package enum SafetensorsWriter {
    /// - Precondition: names are distinct UTF-8 and none is `__metadata__`.
    package static func write(
        _ items: [SafetensorsItem],
        metadata: [(String, String)] = []
    ) -> [UInt8] {
        let sorted = items.sorted {
            $0.type == $1.type ? $0.name < $1.name : $0.type.rawValue > $1.type.rawValue
        }
        precondition(Set(items.map(\.name)).count == items.count)
        var members: [JSONObject.Member] = []
        if !metadata.isEmpty {
            let pairs = metadata.map { JSONObject.Member(key: $0.0, value: .string($0.1)) }
            members.append(.init(key: "__metadata__", value: .object(JSONObject(pairs))))
        }
        var place = 0
        for item in sorted {
            let end = place + item.data.count
            let fields: JSON = [
                "dtype": .string(item.type.name),
                "shape": .array(item.shape.map { .integer($0) }),
                "data_offsets": [.integer(place), .integer(end)],
            ]
            members.append(.init(key: item.name.text, value: fields))
            place = end
        }
        var header = JSON.object(JSONObject(members)).compactBytes
        while header.count % 8 != 0 { header.append(0x20) }
        var file: [UInt8] = []
        file.reserveCapacity(8 + header.count + place)
        for shift in stride(from: 0, to: 64, by: 8) {
            file.append(UInt8(truncatingIfNeeded: UInt64(header.count) >> shift))
        }
        file += header
        for item in sorted { file += item.data }
        return file
    }
}
