import Cryptography
package import Primitives

/// The part of a block that validators sign by its hash, and all that a light client needs.
package struct BlockHeader: Sendable, Hashable {
    /// The version of a chain that begins.
    package static let firstVersion: UInt32 = 1
    /// The newest version whose rules this program knows.
    package static let latestVersion: UInt32 = 1

    package var version: UInt32
    package var chain: ChainID
    package var height: Height
    /// Milliseconds since 1970, from the proposer's clock.
    package var time: UInt64
    /// The hash of the block before; the genesis hash for the first block.
    package var parent: Digest
    package var transactionsRoot: Digest
    /// The state after this block's own transactions.
    package var stateRoot: Digest
    package var receiptsRoot: Digest
    /// The set that decides this block.
    package var validatorsHash: Digest
    /// The set that will decide the next one.
    package var nextValidatorsHash: Digest
    package var lastCommitHash: Digest
    package var evidenceRoot: Digest
    package var proposer: PublicKey
    /// The proposer's ECVRF proof over the previous beacon.
    package var vrfProof: VRFProof
    package var beacon: Digest

    package init(
        version: UInt32 = firstVersion,
        chain: ChainID,
        height: Height,
        time: UInt64,
        parent: Digest,
        transactionsRoot: Digest,
        stateRoot: Digest,
        receiptsRoot: Digest,
        validatorsHash: Digest,
        nextValidatorsHash: Digest,
        lastCommitHash: Digest,
        evidenceRoot: Digest,
        proposer: PublicKey,
        vrfProof: VRFProof,
        beacon: Digest
    ) {
        self.version = version
        self.chain = chain
        self.height = height
        self.time = time
        self.parent = parent
        self.transactionsRoot = transactionsRoot
        self.stateRoot = stateRoot
        self.receiptsRoot = receiptsRoot
        self.validatorsHash = validatorsHash
        self.nextValidatorsHash = nextValidatorsHash
        self.lastCommitHash = lastCommitHash
        self.evidenceRoot = evidenceRoot
        self.proposer = proposer
        self.vrfProof = vrfProof
        self.beacon = beacon
    }

    package var hash: Digest { taggedHash(LedgerTag.header, borshBytes) }
}

extension BlockHeader: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(version)
        writer.write(chain)
        writer.write(height)
        writer.write(time)
        writer.write(parent)
        writer.write(transactionsRoot)
        writer.write(stateRoot)
        writer.write(receiptsRoot)
        writer.write(validatorsHash)
        writer.write(nextValidatorsHash)
        writer.write(lastCommitHash)
        writer.write(evidenceRoot)
        writer.write(proposer)
        writer.write(vrfProof)
        writer.write(beacon)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        version = try reader.readUInt32()
        try reader.require(version >= Self.firstVersion, "header version")
        chain = try ChainID(from: &reader)
        height = try Height(from: &reader)
        time = try reader.readUInt64()
        parent = try Digest(from: &reader)
        transactionsRoot = try Digest(from: &reader)
        stateRoot = try Digest(from: &reader)
        receiptsRoot = try Digest(from: &reader)
        validatorsHash = try Digest(from: &reader)
        nextValidatorsHash = try Digest(from: &reader)
        lastCommitHash = try Digest(from: &reader)
        evidenceRoot = try Digest(from: &reader)
        proposer = try PublicKey(from: &reader)
        vrfProof = try VRFProof(from: &reader)
        beacon = try Digest(from: &reader)
    }
}
