// Transactions on their way into the pool, and between pools: pushed by the node that a client gave
// them to, announced by everyone else, pulled by those who lack them.

import Ledger
import Primitives

extension Replica {
    mutating func submit(_ transaction: SignedTransaction, _ id: SubmissionID) {
        do {
            try admit(transaction)
            let isShort = transaction.byteCount <= TransactionRelay.pushedByteLimit
            relay.queue(transaction.id, whole: isShort)
            emit(.reply(id, .accepted(transaction.id)))
            relayIfDue()
            beginIfWorkWaits()
        } catch {
            emit(.reply(id, .refused(error)))
        }
    }

    mutating func receive(_ transactions: [SignedTransaction], from peer: PeerID) {
        for transaction in transactions {
            do {
                try admit(transaction)
                relay.queue(transaction.id, whole: false)
            } catch .ledger(.invalidSignature) {
                emit(.report(peer, .forgedTransaction(transaction.id)))
                break
            } catch {
                // Whatever else refuses it depends on our state and time; nobody is to blame.
                continue
            }
        }
        beginIfWorkWaits()
        if !relay.isEmpty { relayLater() }
    }

    /// Cheapest checks first; the signature, which costs most, last and once.
    private mutating func admit(_ transaction: SignedTransaction) throws(MempoolRefusal) {
        let account = try ledgerChecked(transaction)
        try mempool.check(transaction, account: account)
        guard verdicts.isSigned(transaction) else { throw .ledger(.invalidSignature) }
        try mempool.insert(transaction, account: account)
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

    // MARK: Telling others

    private mutating func relayIfDue() {
        if relay.isWaiting { return }
        relayNow()
        relayLater()
    }

    private mutating func relayLater() {
        guard !relay.isWaiting else { return }
        relay.isWaiting = true
        emit(.schedule(.announce, afterMilliseconds: configuration.announceMilliseconds))
    }

    /// The interval is over: what has come meanwhile leaves, and another one begins.
    mutating func announce() {
        relay.isWaiting = false
        guard !relay.isEmpty else { return }
        relayNow()
        relayLater()
    }

    private mutating func relayNow() {
        let (pushed, announced) = relay.take()
        for batch in batches(of: pushed, bytes: Self.relayedByteLimit) {
            emit(.broadcast(.transactions(batch), except: nil))
        }
        let waiting = announced.filter(mempool.contains)
        for start in stride(from: 0, to: waiting.count, by: ReplicaMessage.idLimit) {
            let end = min(waiting.count, start + ReplicaMessage.idLimit)
            emit(.broadcast(.announce(Array(waiting[start..<end])), except: nil))
        }
    }

    mutating func receiveAnnouncement(_ ids: [Digest], from peer: PeerID) {
        guard isStarted, mempool.hasRoom else { return }
        let wanted = ids.filter {
            !mempool.contains($0) && relay.shouldRequest($0, now: now)
        }
        if !wanted.isEmpty { emit(.send(.pull(wanted), to: peer)) }
    }

    mutating func receivePull(_ ids: [Digest], from peer: PeerID) {
        let budget = min(Self.relayedByteLimit, repairs.bytesLeft(peer, now: now))
        for batch in batches(of: ids, bytes: budget) {
            repairs.spend(batch.reduce(0) { $0 + $1.byteCount }, for: peer)
            emit(.send(.transactions(batch), to: peer))
        }
    }

    /// Those of the transactions that wait here, in messages within their limits, at most so many
    /// bytes.
    private func batches(of ids: [Digest], bytes limit: Int) -> [[SignedTransaction]] {
        var budget = limit
        var batches: [[SignedTransaction]] = []
        var batch: [SignedTransaction] = []
        var bytes = 0
        for id in ids {
            guard let transaction = mempool.transaction(id) else { continue }
            budget -= transaction.byteCount
            guard budget >= 0 else { break }
            if batch.count == ReplicaMessage.transactionLimit
                || bytes + transaction.byteCount > ReplicaMessage.transactionByteLimit
            {
                batches.append(batch)
                (batch, bytes) = ([], 0)
            }
            batch.append(transaction)
            bytes += transaction.byteCount
        }
        return batch.isEmpty ? batches : batches + [batch]
    }

    /// What one pull, or one interval, may make us send to a peer.
    private static var relayedByteLimit: Int { 2 << 20 }
}
