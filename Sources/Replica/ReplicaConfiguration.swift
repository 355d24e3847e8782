package import Ledger
package import Primitives

/// What one node is told at its start.
package struct ReplicaConfiguration: Sendable {
    /// Chain id, genesis hash and parameters, as the state has them.
    package var record: ChainRecord
    /// The validator's hot key; nil for a node that only follows.
    package var validatorKey: PublicKey?
    package var mempool: MempoolLimits
    /// How often peers are told where we stand.
    package var gossipMilliseconds: UInt64
    /// How long transactions are collected before peers hear of them, once one has left at once.
    package var announceMilliseconds: UInt64
    /// How long a peer may take to deliver requested blocks.
    package var syncMilliseconds: UInt64

    package var chain: ChainID { record.chain }
    package var parameters: ChainParameters { record.parameters }

    package init(
        record: ChainRecord,
        validatorKey: PublicKey?,
        mempool: MempoolLimits = MempoolLimits(),
        gossipMilliseconds: UInt64 = 250,
        announceMilliseconds: UInt64 = 20,
        syncMilliseconds: UInt64 = 2_000
    ) {
        self.record = record
        self.validatorKey = validatorKey
        self.mempool = mempool
        self.gossipMilliseconds = gossipMilliseconds
        self.announceMilliseconds = announceMilliseconds
        self.syncMilliseconds = syncMilliseconds
    }
}
