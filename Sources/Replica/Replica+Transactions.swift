// Transactions on their way into the pool, and between pools: announced by id, pulled by those
// who lack them.

import Ledger
import Primitives

extension Replica {
    mutating func submit(_ transaction: SignedTransaction, _ id: SubmissionID) {
        do {
            try admit(transaction)
            emit(.reply(id, .accepted(transaction.id)))
            beginIfWorkWaits()
        } catch {
            emit(.reply(id, .refused(error)))
        }
    }

    mutating func receive(_ transactions: [SignedTransaction], from peer: PeerID) {
        for transaction in transactions {
            do {
                try admit(transaction)
            } catch .ledger(.invalidSignature) {
                emit(.report(peer, .forgedTransaction(transaction.id)))
                break
            } catch {
                // Whatever else refuses it depends on our state and time; nobody is to blame.
                continue
            }
        }
        beginIfWorkWaits()
    }

    /// Cheapest checks first; the signature, which costs most, last and once.
    private mutating func admit(_ transaction: SignedTransaction) throws(MempoolRefusal) {
        let account = try ledgerChecked(transaction)
        try mempool.check(transaction, account: account)
        guard verdicts.isSigned(transaction) else { throw .ledger(.invalidSignature) }
        try mempool.insert(transaction, account: account)
        relay.queue(transaction.id)
        if !relay.isScheduled {
            relay.isScheduled = true
            emit(.schedule(.announce, afterMilliseconds: configuration.announceMilliseconds))
        }
    }

    /// The checks that read the state. Returns the account's nonce.
    private func ledgerChecked(_ transaction: SignedTransaction) throws(MempoolRefusal) -> UInt64 {
        guard !mempool.contains(transaction.id) else { throw .alreadyKnown }
        do {
            return try Admission.check(
                transaction,
                chain: configuration.record,
                pending: mempool.nextNonce(of: transaction.body.sender),
                on: store
            ).nextNonce
        } catch {
            throw .ledger(error)
        }
    }

    mutating func announce() {
        relay.isScheduled = false
        let ids = relay.takeUnannounced()
        for start in stride(from: 0, to: ids.count, by: ReplicaMessage.idLimit) {
            let end = min(ids.count, start + ReplicaMessage.idLimit)
            emit(.broadcast(.announce(Array(ids[start..<end])), except: nil))
        }
    }

    mutating func receiveAnnouncement(_ ids: [Digest], from peer: PeerID) {
        // A full pool asks as well: what comes may pay more than what it holds.
        guard isStarted else { return }
        let wanted = ids.filter {
            !mempool.contains($0) && relay.shouldRequest($0, now: now)
        }
        if !wanted.isEmpty { emit(.send(.pull(wanted), to: peer)) }
    }

    mutating func receivePull(_ ids: [Digest], from peer: PeerID) {
        var budget = Self.pulledByteLimit
        var batch: [SignedTransaction] = []
        var batchBytes = 0
        for id in ids {
            guard let transaction = mempool.transaction(id) else { continue }
            budget -= transaction.byteCount
            guard budget >= 0 else { break }
            if batchBytes + transaction.byteCount > ReplicaMessage.transactionByteLimit {
                emit(.send(.transactions(batch), to: peer))
                (batch, batchBytes) = ([], 0)
            }
            batch.append(transaction)
            batchBytes += transaction.byteCount
        }
        if !batch.isEmpty { emit(.send(.transactions(batch), to: peer)) }
    }

    /// What one pull may make us send.
    private static var pulledByteLimit: Int { 2 << 20 }
}
