// What an adapter's canonical root is the hash of. Whoever has it can say which tensor of a copy
// differs, and needs no base model for that.

import Cryptography
package import Primitives

/// An adapter's tensors in float32 and what else changes its output, not the text of its files.
///
/// Invariant: tensors ascend by name.
package struct AdapterManifest: Sendable, Equatable {
    package enum Mismatch: Error, Equatable {
        case missingTensor(TensorName)
        case unexpectedTensor(TensorName)
        case otherShape(TensorName, expected: [Int], found: [Int])
        case otherType(TensorName, expected: String, found: String)
        case otherValues(TensorName)
        case otherRank(expected: Int, found: Int)
        case otherScaling
        case unreadable(String)
    }

    package static let tensorLimit = 65_536
    private static let tag = HashTag("openledger/adapter-root/v1")

    package let base: Digest
    package let rank: Int
    package let scaling: Float
    package let tensors: [TensorCommitment]

    package init(_ adapter: LoRAAdapter, base: Digest) {
        self.base = base
        rank = adapter.rank
        scaling = adapter.scaling
        tensors = PEFTAdapter.tensors(of: adapter).map {
            TensorCommitment(
                name: $0.name,
                type: SafetensorsType.f32.name,
                shape: $0.shape,
                data: FloatFormats.bytes(littleEndian: $0.values)
            )
        }.sorted { $0.name < $1.name }
    }

    package var root: Digest { taggedHash(Self.tag, borshBytes) }

    /// Compares a PEFT folder's files with the manifest; throws the first difference by name.
    package func check(configuration: [UInt8], weights: [UInt8]) throws(Mismatch) {
        let settings: PEFTConfiguration
        let file: SafetensorsFile
        do {
            settings = try PEFTConfiguration(json: configuration)
            file = try SafetensorsFile(weights)
        } catch {
            throw .unreadable("\(error)")
        }
        guard settings.rank == rank else {
            throw .otherRank(expected: rank, found: settings.rank)
        }
        guard Float(settings.scaling) == scaling else { throw .otherScaling }
        let found = file.commitments.sorted { $0.name < $1.name }
        for tensor in tensors {
            guard let own = found.first(where: { $0.name == tensor.name }) else {
                throw .missingTensor(tensor.name)
            }
            try Self.compare(own, with: tensor)
        }
        if let extra = found.first(where: { own in !tensors.contains { $0.name == own.name } }) {
            throw .unexpectedTensor(extra.name)
        }
    }

    private static func compare(
        _ own: TensorCommitment,
        with tensor: TensorCommitment
    ) throws(Mismatch) {
        guard own.type == tensor.type else {
            throw .otherType(tensor.name, expected: tensor.type, found: own.type)
        }
        guard own.shape == tensor.shape else {
            throw .otherShape(tensor.name, expected: tensor.shape, found: own.shape)
        }
        guard own.dataHash == tensor.dataHash else { throw .otherValues(tensor.name) }
    }
}

extension AdapterManifest.Mismatch: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missingTensor(let name): "the tensor \(name) is missing"
        case .unexpectedTensor(let name): "the tensor \(name) is not part of the adapter"
        case .otherShape(let name, let expected, let found):
            "the tensor \(name) has the shape \(found) instead of \(expected)"
        case .otherType(let name, let expected, let found):
            "the tensor \(name) has the type \(found) instead of \(expected)"
        case .otherValues(let name): "the tensor \(name) has other values"
        case .otherRank(let expected, let found): "the rank is \(found) instead of \(expected)"
        case .otherScaling: "the scaling differs"
        case .unreadable(let reason): "the folder cannot be read: \(reason)"
        }
    }
}

extension AdapterManifest: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(base)
        writer.write(UInt32(rank))
        writer.write(scaling.bitPattern)
        writer.writeArray(tensors)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        base = try Digest(from: &reader)
        rank = Int(try reader.readUInt32())
        scaling = Float(bitPattern: try reader.readUInt32())
        tensors = try reader.readArray(limit: Self.tensorLimit)
        let isAscending = zip(tensors, tensors.dropFirst()).allSatisfy { $0.name < $1.name }
        try reader.require(isAscending, "tensors")
    }
}
