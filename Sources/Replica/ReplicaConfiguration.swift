package import Ledger
package import Primitives
package import Voting

/// What one node is told at its start.
package struct ReplicaConfiguration: Sendable {
    /// Chain id, genesis hash and parameters, as the state has them.
    package var record: ChainRecord
    /// The validator's hot keys: the one that serves and, while it is being replaced, the other.
    /// Empty for a node that only follows.
    package var validatorKeys: [PublicKey]
    /// The newest protocol version that this node follows; it stops before a newer one begins.
    package var latestVersion: UInt32
    package var mempool: MempoolLimits
    /// How often peers are told where we stand.
    package var gossipMilliseconds: UInt64
    /// How long transactions are collected before peers hear of them, once one has left at once.
    package var announceMilliseconds: UInt64
    /// How long a peer may take to deliver requested blocks.
    package var syncMilliseconds: UInt64

    /// Verifies the signatures of a final block's transactions: a verdict for each. The shell may
    /// use more than one core; the verdicts cannot depend on it.
    package var checkSignatures: @Sendable ([SignedTransaction]) -> [Bool] = { transactions in
        transactions.map { $0.isSigned }
    }

    package var chain: ChainID { record.chain }
    package var parameters: ChainParameters { record.parameters }

    package init(
        record: ChainRecord,
        validatorKeys: [PublicKey],
        latestVersion: UInt32 = BlockHeader.latestVersion,
        mempool: MempoolLimits = MempoolLimits(),
        gossipMilliseconds: UInt64 = 250,
        announceMilliseconds: UInt64 = 20,
        syncMilliseconds: UInt64 = 2_000
    ) {
        self.record = record
        self.validatorKeys = validatorKeys
        self.latestVersion = latestVersion
        self.mempool = mempool
        self.gossipMilliseconds = gossipMilliseconds
        self.announceMilliseconds = announceMilliseconds
        self.syncMilliseconds = syncMilliseconds
    }

    /// Our place in a set, by whichever key serves there.
    package func validator(in set: ValidatorSet) -> ValidatorIndex? {
        for key in validatorKeys {
            if let index = set.index(of: key) { return index }
        }
        return nil
    }
}
