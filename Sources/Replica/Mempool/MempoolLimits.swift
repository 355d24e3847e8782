/// What the mempool holds at most. Node settings, not rules of the chain.
package struct MempoolLimits: Sendable, Hashable {
    package var transactions: Int
    package var bytes: Int
    /// Transactions of one sender, waiting or gapped.
    package var perSender: Int
    /// Transactions of one sender that wait for an earlier nonce to arrive. They are taken only
    /// while the pool is less than half full, so that nobody fills it with what cannot run.
    package var gapped: Int
    /// How much more than the fee of the one that it replaces a transaction has to pay, in per cent.
    package var bumpPercent: Int

    package init(
        transactions: Int = 20_000,
        bytes: Int = 32 << 20,
        perSender: Int = 1_024,
        gapped: Int = 16,
        bumpPercent: Int = 10
    ) {
        self.transactions = transactions
        self.bytes = bytes
        self.perSender = perSender
        self.gapped = gapped
        self.bumpPercent = bumpPercent
    }
}
