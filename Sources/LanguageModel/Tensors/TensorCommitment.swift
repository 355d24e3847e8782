// The canonical root of a set of tensors: what they say, whatever order or padding their file has.

import Cryptography
package import Primitives

/// What a root commits of one tensor.
package struct TensorCommitment: BorshCodable, Sendable, Equatable {
    package static let dimensionLimit = 8

    package let name: TensorName
    /// The format's own word, such as `F32` or `Q4_1`.
    package let type: String
    package let shape: [Int]
    /// SHA-256 of the tensor's bytes as they lie in the file.
    package let dataHash: [UInt8]

    package init(name: TensorName, type: String, shape: [Int], data: [UInt8]) {
        self.name = name
        self.type = type
        self.shape = shape
        dataHash = SHA256.hash(data)
    }

    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(name.bytes)
        writer.writeBytes(Array(type.utf8))
        writer.writeLength(shape.count)
        for dimension in shape { writer.write(UInt64(dimension)) }
        writer.writeRaw(dataHash)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        name = TensorName(try reader.readBytes(limit: 1_024))
        type = String(decoding: try reader.readBytes(limit: 32), as: UTF8.self)
        var shape: [Int] = []
        for _ in 0..<(try reader.readLength(limit: Self.dimensionLimit)) {
            let dimension = try reader.readUInt64()
            try reader.require(dimension <= UInt64(UInt32.max), "dimension")
            shape.append(Int(dimension))
        }
        self.shape = shape
        dataHash = Array(try reader.readRaw(count: 32))
    }

    /// Tensors in order of name.
    static func encode(_ tensors: [TensorCommitment], to writer: inout BorshWriter) {
        writer.writeArray(tensors.sorted { $0.name < $1.name })
    }
}

/// The roots under which models and adapters are registered.
package enum CanonicalRoot {
    private static let weightsTag = HashTag("openledger/weights/v1")

    /// The root of a base model's weights.
    package static func weights(_ tensors: [TensorCommitment]) -> Digest {
        var writer = BorshWriter()
        TensorCommitment.encode(tensors, to: &writer)
        return taggedHash(weightsTag, writer.bytes)
    }

    /// However many shards the tensors lie in.
    package static func weights(_ files: [SafetensorsFile]) -> Digest {
        weights(files.flatMap(\.commitments))
    }

    package static func weights(_ file: SafetensorsFile) -> Digest { weights([file]) }

    package static func weights(_ file: GGUFFile) -> Digest {
        weights(
            file.entries.map {
                TensorCommitment(
                    name: $0.name,
                    type: $0.type.name,
                    shape: $0.shape,
                    data: Array(file.bytes(of: $0))
                )
            }
        )
    }

    /// The root of an adapter on a base model: its tensors in float32 and what else changes its
    /// output, not the text of its files.
    package static func adapter(_ adapter: LoRAAdapter, base: Digest) -> Digest {
        AdapterManifest(adapter, base: base).root
    }
}

extension SafetensorsFile {
    package var commitments: [TensorCommitment] {
        entries.map {
            TensorCommitment(
                name: $0.name,
                type: $0.type.name,
                shape: $0.shape,
                data: Array(bytes(of: $0))
            )
        }
    }
}
