package import Ledger
package import Primitives
package import Voting

/// All that a replica needs to know about the committed chain, written with every block.
package struct ChainTip: Sendable, Hashable {
    package let height: Height
    /// The hash of the last block; the genesis hash at height 0.
    package let hash: Digest
    /// Milliseconds since 1970.
    package let time: UInt64
    package let beacon: Digest
    package let stateRoot: Digest
    /// The set that decides the next height.
    package let validators: ValidatorSet
    /// The set that decided the last block, and its certificate; none at height 0.
    package let lastValidators: ValidatorSet?
    package let certificate: CommitCertificate?

    package init(
        height: Height,
        hash: Digest,
        time: UInt64,
        beacon: Digest,
        stateRoot: Digest,
        validators: ValidatorSet,
        lastValidators: ValidatorSet?,
        certificate: CommitCertificate?
    ) {
        self.height = height
        self.hash = hash
        self.time = time
        self.beacon = beacon
        self.stateRoot = stateRoot
        self.validators = validators
        self.lastValidators = lastValidators
        self.certificate = certificate
    }

    /// The tip before the first block, over the state that genesis made.
    package init(genesis: Genesis, stateRoot: Digest, validators: ValidatorSet) {
        self.init(
            height: .genesis,
            hash: genesis.hash,
            time: genesis.time,
            beacon: genesis.beacon,
            stateRoot: stateRoot,
            validators: validators,
            lastValidators: nil,
            certificate: nil
        )
    }
}

extension ChainTip: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(height)
        writer.write(hash)
        writer.write(time)
        writer.write(beacon)
        writer.write(stateRoot)
        writer.write(validators)
        writer.writeOptional(lastValidators)
        writer.writeOptional(certificate)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        height = try Height(from: &reader)
        hash = try Digest(from: &reader)
        time = try reader.readUInt64()
        beacon = try Digest(from: &reader)
        stateRoot = try Digest(from: &reader)
        validators = try ValidatorSet(from: &reader)
        lastValidators = try reader.readOptional()
        certificate = try reader.readOptional()
    }
}
