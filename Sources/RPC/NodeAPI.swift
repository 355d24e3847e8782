// What the methods ask of a node. Only committed data is given out.

package import Ledger
package import Primitives
package import Voting

/// Where a node stands.
package struct NodeStatus: Sendable {
    package let chain: ChainID
    package let genesis: Digest
    /// The last committed block's.
    package let height: Height
    package let block: Digest
    /// Milliseconds since 1970.
    package let blockTime: UInt64
    package let stateRoot: Digest
    /// The oldest height whose block is still there.
    package let earliestHeight: Height
    package let peers: Int
    package let isSynchronising: Bool
    package let waitingTransactions: Int
    /// The owner of the validator that this node signs for.
    package let validator: Address?
    /// Why the node has stopped signing, if it has.
    package let fault: String?

    package init(
        chain: ChainID,
        genesis: Digest,
        height: Height,
        block: Digest,
        blockTime: UInt64,
        stateRoot: Digest,
        earliestHeight: Height,
        peers: Int,
        isSynchronising: Bool,
        waitingTransactions: Int,
        validator: Address?,
        fault: String?
    ) {
        self.chain = chain
        self.genesis = genesis
        self.height = height
        self.block = block
        self.blockTime = blockTime
        self.stateRoot = stateRoot
        self.earliestHeight = earliestHeight
        self.peers = peers
        self.isSynchronising = isSynchronising
        self.waitingTransactions = waitingTransactions
        self.validator = validator
        self.fault = fault
    }
}

/// A committed block with what it did.
package struct BlockRecord: Sendable {
    package let block: Block
    package let certificate: CommitCertificate
    package let receipts: [Receipt]
    package let events: [Event]

    package init(
        block: Block,
        certificate: CommitCertificate,
        receipts: [Receipt],
        events: [Event]
    ) {
        self.block = block
        self.certificate = certificate
        self.receipts = receipts
        self.events = events
    }
}

/// Where a transaction is.
package enum TransactionStanding: Sendable {
    /// In this node's pool.
    case waiting(SignedTransaction)
    case committed(SignedTransaction, height: Height, index: UInt32, receipt: Receipt)
}

package enum SubmissionVerdict: Sendable, Equatable {
    case accepted
    /// It waits in the pool already.
    case known
    case refused(Refusal)
    /// The node cannot take it now: the pool is full, or the node is starting.
    case unavailable(String)
}

/// A value of the state with everything that a light client needs to believe it.
package struct StateEvidence: Sendable {
    package let value: [UInt8]?
    /// The Borsh bytes of a `StateProof`.
    package let proof: [UInt8]
    /// The header whose state root the proof ends in, and the certificate of that block.
    package let header: BlockHeader
    package let certificate: CommitCertificate

    package init(
        value: [UInt8]?,
        proof: [UInt8],
        header: BlockHeader,
        certificate: CommitCertificate
    ) {
        self.value = value
        self.proof = proof
        self.header = header
        self.certificate = certificate
    }
}

/// A committed event and where it happened.
package struct EventRecord: Sendable {
    package let height: Height
    /// Position among the block's events.
    package let index: UInt32
    package let event: Event

    package init(height: Height, index: UInt32, event: Event) {
        self.height = height
        self.index = index
        self.event = event
    }
}

/// The questions that the RPC asks. A node implements it over its last committed state.
package protocol NodeAPI: ArtifactAPI {
    func status() async -> NodeStatus

    /// Nil above the last height and below the earliest.
    func block(at height: Height) async throws -> BlockRecord?
    func height(ofBlock hash: Digest) async throws -> Height?
    func transaction(_ id: Digest) async throws -> TransactionStanding?

    /// Checks a transaction as for the pool and takes it into it.
    func submit(_ transaction: SignedTransaction) async -> SubmissionVerdict

    /// Heights as their blocks become final. A slow reader misses heights, never the latest.
    func heights() -> AsyncStream<Height>

    /// The nonce that an account's next transaction needs, counting those that wait.
    func nextNonce(of address: Address) async throws -> UInt64

    /// The committed value of a key of the state (see `StateKey`).
    func stateValue(_ key: [UInt8]) async throws -> [UInt8]?

    /// Committed entries whose keys begin with `prefix`, in ascending order, after the key `after`.
    func stateEntries(
        prefix: [UInt8],
        after: [UInt8]?,
        limit: Int
    ) async throws -> [(key: [UInt8], value: [UInt8])]

    /// Nil where that height has no block yet.
    /// - Parameter height: nil for the last committed one.
    func stateEvidence(
        _ key: [UInt8],
        at height: Height?
    ) async throws -> StateEvidence?

    /// The set that decides the block at this height.
    func validatorSet(at height: Height) async throws -> ValidatorSet?

    /// Committed events from a position on, oldest first.
    func events(
        from height: Height,
        index: UInt32,
        limit: Int
    ) async throws -> [EventRecord]
}
