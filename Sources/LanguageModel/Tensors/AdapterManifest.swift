// What an adapter's canonical root is the hash of. Whoever has it can say which tensor of a copy
// differs, and needs no base model for that.

import Cryptography
package import Primitives

/// The scale of a pair that differs from the adapter's.
package struct ModuleScaling: BorshCodable, Sendable, Equatable {
    /// Such as `model.layers.0.self_attn.q_proj`.
    package let path: TensorName
    package let scaling: Float

    package init(path: TensorName, scaling: Float) {
        self.path = path
        self.scaling = scaling
    }

    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(path.bytes)
        writer.write(scaling.bitPattern)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        path = TensorName(try reader.readBytes(limit: 1_024))
        scaling = Float(bitPattern: try reader.readUInt32())
    }
}

/// An adapter's tensors in float32 and what else changes its output, not the text of its files.
///
/// Invariant: tensors ascend by name, and so do the scales that differ.
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
    package let ownScalings: [ModuleScaling]

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
        let scaling = adapter.scaling
        ownScalings = adapter.modules
            .map { ModuleScaling(path: TensorName($0.site.path), scaling: adapter.scaling(of: $0)) }
            .filter { $0.scaling != scaling }
            .sorted { $0.path < $1.path }
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
        guard settings.scaling == scaling else { throw .otherScaling }
        try check(scalingsOf: settings)
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

    /// The scale of each pair, as the settings say it and as the manifest does.
    private func check(scalingsOf settings: PEFTConfiguration) throws(Mismatch) {
        let prefix = Array("base_model.model.".utf8)
        let suffix = Array(".lora_A.weight".utf8)
        for tensor in tensors where tensor.name.bytes.suffix(suffix.count).elementsEqual(suffix) {
            let path = TensorName(
                Array(tensor.name.bytes.dropFirst(prefix.count).dropLast(suffix.count))
            )
            let own = settings.settings(of: path.text)
            let found = LoRAAdapter.scaling(
                alpha: Float(own.alpha),
                rank: own.rank,
                rankStabilised: settings.usesRankStabilisation
            )
            let expected = ownScalings.first { $0.path == path }?.scaling ?? scaling
            guard found == expected else { throw .otherScaling }
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
    /// Stands where the rank is when scales of single pairs follow; no adapter has the rank 0.
    private static let hasOwnScalings: UInt32 = 0

    package func encode(to writer: inout BorshWriter) {
        writer.write(base)
        if !ownScalings.isEmpty { writer.write(Self.hasOwnScalings) }
        writer.write(UInt32(rank))
        writer.write(scaling.bitPattern)
        writer.writeArray(tensors)
        if !ownScalings.isEmpty { writer.writeArray(ownScalings) }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        base = try Digest(from: &reader)
        var rank = try reader.readUInt32()
        let isMixed = rank == Self.hasOwnScalings
        if isMixed { rank = try reader.readUInt32() }
        try reader.require(rank > 0, "rank")
        self.rank = Int(rank)
        scaling = Float(bitPattern: try reader.readUInt32())
        tensors = try reader.readArray(limit: Self.tensorLimit)
        ownScalings = isMixed ? try reader.readArray(limit: Self.tensorLimit) : []
        let isAscending =
            zip(tensors, tensors.dropFirst()).allSatisfy { $0.name < $1.name }
            && zip(ownScalings, ownScalings.dropFirst()).allSatisfy { $0.path < $1.path }
        try reader.require(isAscending, "tensors")
        try reader.require(isMixed == !ownScalings.isEmpty, "scalings")
    }
}
