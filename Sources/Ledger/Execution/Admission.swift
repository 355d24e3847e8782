package import Primitives

/// What a mempool checks before it takes a transaction. Cheap: no signature, at most two reads.
package enum Admission {
    /// How far a transaction may be ahead of the nonce that is next: the account's, or one past
    /// those that wait for a block already.
    package static let nonceGap: UInt64 = 16

    /// What the mempool needs to order a sender's transactions.
    package struct Standing: Sendable, Hashable {
        package let nextNonce: UInt64
        package let balance: Amount
    }

    /// The caller verifies the signature, or has before.
    ///
    /// - Parameter pending: the nonce after the sender's transactions that wait in the mempool.
    @discardableResult
    package static func check(
        _ transaction: SignedTransaction,
        chain: ChainRecord,
        pending: UInt64? = nil,
        on reader: some StateReader
    ) throws(Refusal) -> Standing {
        try checkForm(transaction, chain: chain.chain, parameters: chain.parameters)
        let body = transaction.body
        let account = try account(body.sender, on: reader)
        guard body.nonce >= account.nonce else { throw .staleNonce }
        let next = max(account.nonce, pending ?? 0)
        guard body.nonce < next || body.nonce - next < nonceGap else { throw .futureNonce }
        if body.fee < chain.parameters.minimumFee {
            guard try isDuty(body, on: reader) else { throw .feeTooLow }
        }
        guard body.fee <= account.balance else { throw .insufficientBalance }
        return Standing(nextNonce: account.nonce, balance: account.balance)
    }

    /// What can be judged without the state.
    package static func checkForm(
        _ transaction: SignedTransaction,
        chain: ChainID,
        parameters: ChainParameters
    ) throws(Refusal) {
        guard transaction.body.chain == chain else { throw .wrongChain }
        guard transaction.byteCount <= Int(parameters.maxTransactionBytes) else {
            throw .transactionTooLarge
        }
        guard transaction.body.nonce < UInt64.max else { throw .futureNonce }
        guard transaction.keyMatchesSender else { throw .keyMismatch }
    }

    /// The account of an address, as the state has it.
    package static func account(
        _ address: Address,
        on reader: some StateReader
    ) throws(Refusal) -> Account {
        try entry(StateKey.account(address), on: reader) ?? Account()
    }

    /// Verdicts of panel members are free. A mempool also takes a reveal whose commitment waits.
    private static func isDuty(
        _ body: Transaction,
        on reader: some StateReader
    ) throws(Refusal) -> Bool {
        let claim: Digest
        switch body.action {
        case .commitVerdict(let action): claim = action.claim
        case .revealVerdict(let action): claim = action.claim
        default: return false
        }
        let panel: Panel? = try entry(StateKey.panel(claim), on: reader)
        guard let panel, let index = panel.index(ofHot: body.sender) else { return false }
        return panel.members[index].statement == nil
    }

    private static func entry<Entry: StateEntry>(
        _ key: [UInt8],
        on reader: some StateReader
    ) throws(Refusal) -> Entry? {
        do {
            guard let bytes = try reader.value(key) else { return nil }
            return try Entry(borsh: bytes)
        } catch { throw .stateUnavailable }
    }
}
