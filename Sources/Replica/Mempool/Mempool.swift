// Transactions that wait for a block. The caller has checked them against the state and verified
// their signatures; this file keeps order, limits, replacement and eviction.

package import Ledger
package import Primitives

/// Waiting transactions, at most one for each sender and nonce.
///
/// Invariants: `places`, `senders` and the live part of `ranking` hold the same transactions;
/// `byteCount` is the sum of their lengths; a sender's nonces are ascending and none is below the
/// account's; `ranking` descends by price and, among equals, ascends by arrival. Dictionaries are
/// only looked up; every iteration is over arrays.
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

        func transaction(_ nonce: UInt64) -> SignedTransaction? {
            let place = place(of: nonce)
            guard place < entries.count, entries[place].transaction.body.nonce == nonce else {
                return nil
            }
            return entries[place].transaction
        }
    }

    /// A transaction's place in the order in which blocks take them.
    private struct Rank: Sendable {
        let price: UInt128
        let sequence: UInt64
        let id: Digest
        let sender: Address
        let nonce: UInt64
    }

    private struct Place: Sendable {
        let sender: Address
        let nonce: UInt64
        let sequence: UInt64
    }

    private let limits: MempoolLimits
    private var senders: [Address: Sender] = [:]
    private var places: [Digest: Place] = [:]
    /// Ranks of transactions that are gone are skipped, and swept out now and then.
    private var ranking: [Rank] = []
    private var sequence: UInt64 = 0
    package private(set) var byteCount = 0

    package init(limits: MempoolLimits = MempoolLimits()) { self.limits = limits }

    package var count: Int { places.count }
    package func contains(_ id: Digest) -> Bool { places[id] != nil }

    /// True when some transaction could run now.
    package var hasReady: Bool {
        ranking.contains { isLive($0) && senders[$0.sender]?.account == $0.nonce }
    }

    /// The nonce for the sender's next transaction, or nil when none of its own wait here.
    package func nextNonce(of sender: Address) -> UInt64? { senders[sender]?.nextNonce }

    package func transaction(_ id: Digest) -> SignedTransaction? {
        places[id].flatMap { senders[$0.sender]?.transaction($0.nonce) }
    }

    /// Every id, in the order in which blocks take them.
    package var allIDs: [Digest] { ranking.filter(isLive).map(\.id) }

    /// Units of fee a byte. Without a fee only verdicts come here, which a panel waits for: they
    /// go first.
    package static func price(_ transaction: SignedTransaction) -> UInt128 {
        let fee = transaction.body.fee.units
        return fee == 0 ? .max : fee / UInt128(transaction.byteCount)
    }
}

// MARK: - Taking in

extension Mempool {
    /// Whether a transaction would be taken. Costs no signature check.
    ///
    /// - Parameter account: the nonce in the state.
    package func check(_ transaction: SignedTransaction, account: UInt64) throws(MempoolRefusal) {
        _ = try victims(of: transaction, account: account)
    }

    /// Takes a transaction, in place of the one with its nonce where there is one, and of cheaper
    /// ones where there is no room.
    package mutating func insert(_ transaction: SignedTransaction, account: UInt64)
        throws(MempoolRefusal)
    {
        for victim in try victims(of: transaction, account: account) { remove(victim) }
        let body = transaction.body
        // Taken out while it is changed: two owners would make every change copy the whole queue.
        var sender =
            senders.removeValue(forKey: body.sender) ?? Sender(account: account, entries: [])
        sequence += 1
        sender.entries.insert(
            Entry(transaction: transaction, sequence: sequence),
            at: sender.place(of: body.nonce)
        )
        senders[body.sender] = sender
        places[transaction.id] = Place(
            sender: body.sender,
            nonce: body.nonce,
            sequence: sequence
        )
        byteCount += transaction.byteCount
        rank(transaction)
    }

    /// What has to go for a transaction: the one with its nonce, or the cheapest of other senders,
    /// each with what follows it, until there is room.
    private func victims(
        of transaction: SignedTransaction,
        account: UInt64
    ) throws(MempoolRefusal) -> [SignedTransaction] {
        let body = transaction.body
        guard places[transaction.id] == nil else { throw .alreadyKnown }
        guard body.nonce >= account else { throw .ledger(.staleNonce) }
        let sender = senders[body.sender] ?? Sender(account: account, entries: [])
        if let old = sender.transaction(body.nonce) {
            let bump = old.body.fee.units / 100 * UInt128(limits.bumpPercent)
            let (needed, overflow) = old.body.fee.units.addingReportingOverflow(max(1, bump))
            guard !overflow, body.fee.units >= needed else { throw .replacementUnderpriced }
            guard byteCount - old.byteCount + transaction.byteCount <= limits.bytes else {
                throw .poolFull
            }
            return [old]
        }
        guard sender.entries.count < limits.perSender else { throw .senderFull }
        if body.nonce > sender.nextNonce {
            guard sender.gapped < limits.gapped, count < limits.transactions / 2 else {
                throw .nonceGap
            }
        }
        return try cheaper(than: transaction)
    }

    private func cheaper(
        than transaction: SignedTransaction
    ) throws(MempoolRefusal) -> [SignedTransaction] {
        let price = Self.price(transaction)
        var chosen: [SignedTransaction] = []
        var (room, places) = (limits.bytes - byteCount, limits.transactions - count)
        /// From which nonce on each sender's transactions are chosen already.
        var cut: [Address: UInt64] = [:]
        for rank in ranking.reversed() {
            if room >= transaction.byteCount, places >= 1 { break }
            guard rank.price < price else { throw .poolFull }
            guard isLive(rank), rank.sender != transaction.body.sender,
                let sender = senders[rank.sender], rank.nonce < cut[rank.sender] ?? .max
            else { continue }
            let end = cut[rank.sender].map(sender.place) ?? sender.entries.count
            for entry in sender.entries[sender.place(of: rank.nonce)..<end] {
                chosen.append(entry.transaction)
                room += entry.transaction.byteCount
                places += 1
            }
            cut[rank.sender] = rank.nonce
        }
        guard room >= transaction.byteCount, places >= 1 else { throw .poolFull }
        return chosen
    }

    /// Behind all that pay at least as much: they came earlier.
    private mutating func rank(_ transaction: SignedTransaction) {
        let price = Self.price(transaction)
        var low = 0
        var high = ranking.count
        while low < high {
            let middle = (low + high) / 2
            if ranking[middle].price >= price { low = middle + 1 } else { high = middle }
        }
        let rank = Rank(
            price: price,
            sequence: sequence,
            id: transaction.id,
            sender: transaction.body.sender,
            nonce: transaction.body.nonce
        )
        ranking.insert(rank, at: low)
        if ranking.count > 2 * count + 64 { ranking = ranking.filter(isLive) }
    }

    private func isLive(_ rank: Rank) -> Bool { places[rank.id]?.sequence == rank.sequence }
}

// MARK: - Giving out

extension Mempool {
    /// What a block may hold: the best price first, each sender's nonces without a gap.
    package func candidates(count: Int, bytes: Int) -> [SignedTransaction] {
        var chosen: [SignedTransaction] = []
        var room = bytes
        var expected: [Address: UInt64] = [:]
        for rank in ranking where isLive(rank) {
            guard let sender = senders[rank.sender] else { continue }
            var next = expected[rank.sender] ?? sender.account
            guard rank.nonce == next else { continue }
            // With this nonce come later ones that rank before it and were passed over.
            for entry in sender.entries[sender.place(of: next)...] {
                let transaction = entry.transaction
                guard transaction.body.nonce == next, !isBehind(entry, rank) else { break }
                guard chosen.count < count, transaction.byteCount <= room else { return chosen }
                chosen.append(transaction)
                room -= transaction.byteCount
                next += 1
            }
            expected[rank.sender] = next
        }
        return chosen
    }

    private func isBehind(_ entry: Entry, _ rank: Rank) -> Bool {
        let price = Self.price(entry.transaction)
        return price == rank.price ? entry.sequence > rank.sequence : price < rank.price
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
        ranking = ranking.filter(isLive)
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
        guard let transaction = transaction(id) else { return }
        remove(transaction)
    }

    private mutating func remove(_ transaction: SignedTransaction) {
        guard var sender = senders.removeValue(forKey: transaction.body.sender) else { return }
        forget(sender.entries.remove(at: sender.place(of: transaction.body.nonce)))
        if !sender.entries.isEmpty { senders[transaction.body.sender] = sender }
    }

    private mutating func forget(_ entry: Entry) {
        places[entry.transaction.id] = nil
        byteCount -= entry.transaction.byteCount
    }
}
