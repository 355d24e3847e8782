// Transactions that wait for a block. The caller has checked them against the state and verified
// their signatures; this file keeps order, limits and replacement.

package import Ledger
package import Primitives

/// Waiting transactions, at most one for each sender and nonce.
///
/// Invariants: `ids`, `senders` and the live part of `arrivals` hold the same transactions;
/// `byteCount` is the sum of their lengths; a sender's nonces are ascending and none is below the
/// account's. Dictionaries are only looked up; every iteration is over arrays.
package struct Mempool: Sendable {
    private struct Entry: Sendable {
        let transaction: SignedTransaction
        let sequence: UInt64
    }

    private struct Sender: Sendable {
        /// The nonce that the account's next transaction in a block must have.
        var account: UInt64
        /// Ascending by nonce.
        var entries: [Entry]

        /// One past the nonces that can run one after the other.
        var nextNonce: UInt64 { account + UInt64(readyCount) }
        var gapped: Int { entries.count - readyCount }

        /// How many nonces follow the account's without a gap: entry `i` of those has the nonce
        /// `account + i`, and no later one has.
        private var readyCount: Int {
            var low = 0
            var high = entries.count
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].transaction.body.nonce - account == UInt64(middle) {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }

        func place(of nonce: UInt64) -> Int {
            var low = 0
            var high = entries.count
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].transaction.body.nonce < nonce {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }
    }

    private struct Arrival: Sendable {
        let id: Digest
        let sender: Address
        let nonce: UInt64
        let sequence: UInt64
    }

    private let limits: MempoolLimits
    private var senders: [Address: Sender] = [:]
    private var ids: [Digest: UInt64] = [:]
    /// In order of arrival; entries whose id is gone are skipped and swept out now and then.
    private var arrivals: [Arrival] = []
    private var sequence: UInt64 = 0
    package private(set) var byteCount = 0

    package init(limits: MempoolLimits = MempoolLimits()) { self.limits = limits }

    package var count: Int { ids.count }
    package var hasRoom: Bool { count < limits.transactions && byteCount < limits.bytes }
    package func contains(_ id: Digest) -> Bool { ids[id] != nil }

    /// True when some transaction could run now.
    package var hasReady: Bool {
        arrivals.contains { isLive($0) && senders[$0.sender]?.account == $0.nonce }
    }

    /// The nonce for the sender's next transaction, or nil when none of its own wait here.
    package func nextNonce(of sender: Address) -> UInt64? { senders[sender]?.nextNonce }

    package func transaction(_ id: Digest) -> SignedTransaction? {
        guard let sequence = ids[id] else { return nil }
        let place = arrivalPlace(sequence)
        return place < arrivals.count ? entry(arrivals[place])?.transaction : nil
    }

    /// Every id, in order of arrival.
    package var allIDs: [Digest] { arrivals.filter(isLive).map(\.id) }

    /// Whether a transaction would be taken. Costs no signature check.
    ///
    /// - Parameter account: the nonce in the state.
    package func check(_ transaction: SignedTransaction, account: UInt64) throws(MempoolRefusal) {
        let body = transaction.body
        guard ids[transaction.id] == nil else { throw .alreadyKnown }
        guard body.nonce >= account else { throw .ledger(.staleNonce) }
        let sender = senders[body.sender] ?? Sender(account: account, entries: [])
        let place = sender.place(of: body.nonce)
        if place < sender.entries.count, sender.entries[place].transaction.body.nonce == body.nonce
        {
            let old = sender.entries[place].transaction
            let bump = old.body.fee.units / 10
            let (needed, overflow) = old.body.fee.units.addingReportingOverflow(max(1, bump))
            guard !overflow, body.fee.units >= needed else { throw .replacementUnderpriced }
            guard byteCount - old.byteCount + transaction.byteCount <= limits.bytes else {
                throw .poolFull
            }
            return
        }
        guard sender.entries.count < limits.perSender else { throw .senderFull }
        guard ids.count < limits.transactions,
            byteCount + transaction.byteCount <= limits.bytes
        else { throw .poolFull }
        if body.nonce > sender.nextNonce {
            guard sender.gapped < limits.gapped, ids.count < limits.transactions / 2 else {
                throw .nonceGap
            }
        }
    }

    /// Takes a transaction, in place of the one with its nonce where there is one.
    package mutating func insert(_ transaction: SignedTransaction, account: UInt64)
        throws(MempoolRefusal)
    {
        try check(transaction, account: account)
        let body = transaction.body
        // Taken out while it is changed: two owners would make every change copy the whole queue.
        var sender =
            senders.removeValue(forKey: body.sender) ?? Sender(account: account, entries: [])
        let place = sender.place(of: body.nonce)
        if place < sender.entries.count, sender.entries[place].transaction.body.nonce == body.nonce
        {
            forget(sender.entries.remove(at: place))
        }
        sequence += 1
        sender.entries.insert(Entry(transaction: transaction, sequence: sequence), at: place)
        senders[body.sender] = sender
        ids[transaction.id] = sequence
        byteCount += transaction.byteCount
        arrivals.append(
            Arrival(
                id: transaction.id,
                sender: body.sender,
                nonce: body.nonce,
                sequence: sequence
            )
        )
    }

    /// Removes what a block included, and whatever its nonces made stale.
    package mutating func remove(included: [SignedTransaction]) {
        var touched: [Address] = []
        for transaction in included {
            let body = transaction.body
            guard let account = senders[body.sender]?.account else { continue }
            if account <= body.nonce { senders[body.sender]?.account = body.nonce + 1 }
            if touched.last != body.sender { touched.append(body.sender) }
        }
        for address in touched { dropStale(of: address) }
        arrivals = arrivals.filter(isLive)
    }

    /// A sender's entries below its account's nonce go in one step, however many they are.
    private mutating func dropStale(of address: Address) {
        guard var sender = senders.removeValue(forKey: address) else { return }
        let stale = sender.place(of: sender.account)
        for entry in sender.entries[..<stale] { forget(entry) }
        sender.entries.removeFirst(stale)
        if !sender.entries.isEmpty { senders[address] = sender }
    }

    /// Removes one transaction that turned out not to be executable.
    package mutating func drop(_ id: Digest) {
        guard let transaction = transaction(id),
            var sender = senders.removeValue(forKey: transaction.body.sender)
        else { return }
        forget(sender.entries.remove(at: sender.place(of: transaction.body.nonce)))
        if !sender.entries.isEmpty { senders[transaction.body.sender] = sender }
        arrivals.removeAll { $0.id == id }
    }

    /// What a block may hold: first come, first served, each sender's nonces without a gap.
    package func candidates(count: Int, bytes: Int) -> [SignedTransaction] {
        var chosen: [SignedTransaction] = []
        var room = bytes
        var expected: [Address: UInt64] = [:]
        for arrival in arrivals where isLive(arrival) {
            guard let sender = senders[arrival.sender] else { continue }
            var next = expected[arrival.sender] ?? sender.account
            guard arrival.nonce == next else { continue }
            // With this nonce come later ones that arrived earlier and were passed over.
            for entry in sender.entries[sender.place(of: next)...] {
                let transaction = entry.transaction
                guard transaction.body.nonce == next, entry.sequence <= arrival.sequence else {
                    break
                }
                guard chosen.count < count, transaction.byteCount <= room else { return chosen }
                chosen.append(transaction)
                room -= transaction.byteCount
                next += 1
            }
            expected[arrival.sender] = next
        }
        return chosen
    }

    /// The first arrival whose number is not below `sequence`.
    private func arrivalPlace(_ sequence: UInt64) -> Int {
        var low = 0
        var high = arrivals.count
        while low < high {
            let middle = (low + high) / 2
            if arrivals[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func isLive(_ arrival: Arrival) -> Bool { ids[arrival.id] == arrival.sequence }

    private func entry(_ arrival: Arrival) -> Entry? {
        guard let sender = senders[arrival.sender] else { return nil }
        let place = sender.place(of: arrival.nonce)
        guard place < sender.entries.count, sender.entries[place].sequence == arrival.sequence
        else { return nil }
        return sender.entries[place]
    }

    private mutating func forget(_ entry: Entry) {
        ids[entry.transaction.id] = nil
        byteCount -= entry.transaction.byteCount
    }
}
