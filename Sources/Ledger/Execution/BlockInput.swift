package import Primitives
package import Voting

/// What a block brings to execution. The caller has checked every signature, the beacon and the
/// certificate of the block before.
package struct BlockInput: Sendable {
    package let height: Height
    /// Milliseconds since 1970.
    package let time: UInt64
    /// The proposer's hot key.
    package let proposer: PublicKey
    /// `Beacon.next` with this block's VRF output.
    package let beacon: Digest
    package let transactions: [SignedTransaction]
    package let evidence: [DuplicateVoteEvidence]
    package let lastCommit: CommitCertificate?

    package init(
        height: Height,
        time: UInt64,
        proposer: PublicKey,
        beacon: Digest,
        transactions: [SignedTransaction],
        evidence: [DuplicateVoteEvidence] = [],
        lastCommit: CommitCertificate? = nil
    ) {
        self.height = height
        self.time = time
        self.proposer = proposer
        self.beacon = beacon
        self.transactions = transactions
        self.evidence = evidence
        self.lastCommit = lastCommit
    }
}

/// What executing a block did.
package struct BlockOutcome: Sendable {
    /// Every key that changed, once, in ascending order.
    package let changes: [StateChange]
    /// One for each of `included`, in order.
    package let receipts: [Receipt]
    package let events: [Event]
    /// The set that decides the next block.
    package let nextValidators: ValidatorSet
    /// The transactions that may stand in this block. A proposer proposes exactly these; a
    /// validator refuses a block that has others.
    package let included: [SignedTransaction]
    /// The same for evidence.
    package let includedEvidence: [DuplicateVoteEvidence]
    /// Why each of the others may not, in order.
    package let excluded: [(transaction: Digest, refusal: Refusal)]
}
