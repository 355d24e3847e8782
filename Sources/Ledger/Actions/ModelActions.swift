// Actions that bring models: a base model, and adapters trained from it.

package import Primitives

/// Names a base model by its exact bytes.
package struct RegisterModel: Sendable, Hashable {
    package let name: [UInt8]
    package let licence: [UInt8]
    /// The canonical root over the model's tensors.
    package let weightsRoot: Digest
    package let weightsArtifact: Digest
    package let configArtifact: Digest
    package let tokenizerArtifact: Digest
    /// The owner's part of every fee that an adapter of this model earns.
    package let feeSharePerMille: UInt16

    package init(
        name: [UInt8],
        licence: [UInt8],
        weightsRoot: Digest,
        weightsArtifact: Digest,
        configArtifact: Digest,
        tokenizerArtifact: Digest,
        feeSharePerMille: UInt16
    ) {
        self.name = name
        self.licence = licence
        self.weightsRoot = weightsRoot
        self.weightsArtifact = weightsArtifact
        self.configArtifact = configArtifact
        self.tokenizerArtifact = tokenizerArtifact
        self.feeSharePerMille = feeSharePerMille
    }
}

extension RegisterModel: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(name)
        writer.writeBytes(licence)
        writer.write(weightsRoot)
        writer.write(weightsArtifact)
        writer.write(configArtifact)
        writer.write(tokenizerArtifact)
        writer.write(feeSharePerMille)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        name = try reader.readBytes(limit: ActionLimit.name)
        licence = try reader.readBytes(limit: ActionLimit.name)
        weightsRoot = try Digest(from: &reader)
        weightsArtifact = try Digest(from: &reader)
        configArtifact = try Digest(from: &reader)
        tokenizerArtifact = try Digest(from: &reader)
        feeSharePerMille = try reader.readPerMille()
    }
}

/// One committed computation of an adapter: the artifact of its unit outputs and their root. No
/// units means that the adapter makes no such claim.
package struct CommittedWork: Sendable, Hashable {
    package let root: Digest
    package let units: UInt32
    package let artifact: Digest

    package init(root: Digest, units: UInt32, artifact: Digest) {
        self.root = root
        self.units = units
        self.artifact = artifact
    }
}

extension CommittedWork: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(root)
        writer.write(units)
        writer.write(artifact)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        root = try Digest(from: &reader)
        units = try reader.readUInt32()
        artifact = try Digest(from: &reader)
    }
}

/// Commits to an adapter and to how it was made.
package struct CommitAdapter: Sendable, Hashable {
    package let name: [UInt8]
    package let model: Digest
    package let snapshot: Digest
    /// The training recipe in the encoding of the training job; the chain does not read it.
    package let recipe: [UInt8]
    /// SHA-256 of the safetensors file.
    package let fileHash: Digest
    /// The canonical root over the adapter's tensors; one adapter per root.
    package let canonicalRoot: Digest
    package let adapterArtifact: Digest
    package let trace: CommittedWork
    package let index: CommittedWork
    package let pricePerToken: Amount
    package let bond: Amount

    package init(
        name: [UInt8],
        model: Digest,
        snapshot: Digest,
        recipe: [UInt8],
        fileHash: Digest,
        canonicalRoot: Digest,
        adapterArtifact: Digest,
        trace: CommittedWork,
        index: CommittedWork,
        pricePerToken: Amount,
        bond: Amount
    ) {
        self.name = name
        self.model = model
        self.snapshot = snapshot
        self.recipe = recipe
        self.fileHash = fileHash
        self.canonicalRoot = canonicalRoot
        self.adapterArtifact = adapterArtifact
        self.trace = trace
        self.index = index
        self.pricePerToken = pricePerToken
        self.bond = bond
    }
}

extension CommitAdapter: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(name)
        writer.write(model)
        writer.write(snapshot)
        writer.writeBytes(recipe)
        writer.write(fileHash)
        writer.write(canonicalRoot)
        writer.write(adapterArtifact)
        writer.write(trace)
        writer.write(index)
        writer.write(pricePerToken)
        writer.write(bond)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        name = try reader.readBytes(limit: ActionLimit.name)
        model = try Digest(from: &reader)
        snapshot = try Digest(from: &reader)
        recipe = try reader.readBytes(limit: ActionLimit.recipe)
        fileHash = try Digest(from: &reader)
        canonicalRoot = try Digest(from: &reader)
        adapterArtifact = try Digest(from: &reader)
        trace = try CommittedWork(from: &reader)
        index = try CommittedWork(from: &reader)
        pricePerToken = try Amount(from: &reader)
        bond = try Amount(from: &reader)
    }
}
