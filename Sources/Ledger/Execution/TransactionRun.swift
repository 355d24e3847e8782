import Commitments
import Cryptography
import Primitives

/// What became of a block's transactions so far.
struct TransactionBatch {
    var included: [SignedTransaction] = []
    var receipts: [Receipt] = []
    var excluded: [(transaction: Digest, refusal: Refusal)] = []
    var bytes = 0
}

extension BlockMachine {
    /// What a block may spend on transactions; header, evidence and certificate need the rest.
    static let transactionBytes = Block.byteLimit - 65_536

    /// Includes a transaction and executes it, or leaves it out. One that pays no fee is left out
    /// when its action is refused: what costs nothing and does nothing could be sent without end.
    mutating func run(
        _ transaction: SignedTransaction,
        into batch: inout TransactionBatch
    ) throws(Abort) {
        let before = (totals: totals, fees: fees)
        let isFree = transaction.body.fee < parameters.minimumFee
        let fee: Amount
        do throws(Abort) {
            let hasRoom =
                batch.included.count < Block.transactionLimit
                && batch.bytes + transaction.byteCount <= Self.transactionBytes
            guard hasRoom else { throw .refused(.blockFull) }
            fee = try charge(transaction)
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            batch.excluded.append((transaction.id, refusal))
            return
        }
        if !isFree { overlay.keep() }
        let result = try execute(transaction)
        if isFree, case .refused(let refusal) = result {
            (totals, fees) = before
            batch.excluded.append((transaction.id, refusal))
            return
        }
        batch.included.append(transaction)
        batch.bytes += transaction.byteCount
        batch.receipts.append(Receipt(transaction: transaction.id, result: result, fee: fee))
    }

    /// Checks that the transaction may stand in this block, takes its nonce and its fee.
    private mutating func charge(_ transaction: SignedTransaction) throws(Abort) -> Amount {
        let body = transaction.body
        do {
            try Admission.checkForm(
                transaction,
                chain: record.chain,
                parameters: parameters
            )
        } catch { throw .refused(error) }
        var account = try account(body.sender)
        guard body.nonce >= account.nonce else { throw .refused(.staleNonce) }
        guard body.nonce == account.nonce else { throw .refused(.futureNonce) }
        if body.fee < parameters.minimumFee {
            guard try isDuty(body) else { throw .refused(.feeTooLow) }
        }
        account.balance = try account.balance.minus(body.fee, or: .insufficientBalance)
        account.nonce += 1
        try store(account, at: StateKey.account(body.sender))
        fees = try fees.plus(body.fee)
        return body.fee
    }

    /// True for a verdict of a panel's member: the protocol asks for it, so it need not pay.
    private mutating func isDuty(_ body: Transaction) throws(Abort) -> Bool {
        let claim: Digest
        switch body.action {
        case .commitVerdict(let action): claim = action.claim
        case .revealVerdict(let action): claim = action.claim
        default: return false
        }
        let panel = try load(Panel.self, at: StateKey.panel(claim))
        return panel?.index(ofHot: body.sender) != nil
    }

    /// Executes the action, whole or not at all.
    private mutating func execute(
        _ transaction: SignedTransaction
    ) throws(Abort) -> Receipt.Result {
        let totalsBefore = totals
        let eventsBefore = events.count
        self.transaction = transaction
        defer { self.transaction = nil }
        do {
            try perform(transaction.body.action, by: transaction.body.sender)
            overlay.keep()
            return .ok
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            overlay.rollBack()
            totals = totalsBefore
            events.removeLast(events.count - eventsBefore)
            return .refused(refusal)
        }
    }

    private mutating func perform(_ action: Action, by sender: Address) throws(Abort) {
        switch action {
        case .transfer(let body): try transfer(body, from: sender)
        case .registerValidator(let body): try registerValidator(body, by: sender)
        case .delegate(let body): try delegate(body, by: sender)
        case .undelegate(let body): try undelegate(body, by: sender)
        case .unjail: try unjail(sender)
        case .createDatanet(let body): try createDatanet(body, by: sender)
        case .commitContribution(let body): try commitContribution(body, by: sender)
        case .revealContribution(let body): try revealContribution(body, by: sender)
        case .freezeSnapshot(let body): try freezeSnapshot(body)
        case .registerModel(let body): try registerModel(body, by: sender)
        case .commitAdapter(let body): try commitAdapter(body, by: sender)
        case .revokeAdapter(let adapter): try revokeAdapter(adapter, by: sender)
        case .submitClaim(let body): try submitClaim(body, by: sender)
        case .commitVerdict(let body): try commitVerdict(body, by: sender)
        case .revealVerdict(let body): try revealVerdict(body, by: sender)
        case .challengeUnit(let body): try challengeUnit(body, by: sender)
        case .openChannel(let body): try openChannel(body, by: sender)
        case .closeChannel(let channel): try closeChannel(channel, by: sender)
        case .settle(let body): try settle(body, by: sender)
        case .rotateKey(let body): try rotateKey(body, by: sender)
        case .setCommission(let perMille): try setCommission(perMille, by: sender)
        case .signalVersion(let version): try signalVersion(version, by: sender)
        }
    }

    /// The id of the object that the current transaction creates.
    func newID() throws(Abort) -> Digest {
        guard let transaction else { throw .failed(.arithmetic) }
        return transaction.id
    }
}
