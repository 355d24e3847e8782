import Ledger
import Primitives
import Replica
import TestSupport
import Testing

/// The pool once more, as a list that is searched from end to end.
private struct NaivePool {
    let limits: MempoolLimits
    /// In order of arrival.
    var list: [SignedTransaction] = []
    var accounts: [Address: UInt64] = [:]

    private func own(_ sender: Address) -> [SignedTransaction] {
        list.filter { $0.body.sender == sender }.sorted { $0.body.nonce < $1.body.nonce }
    }

    private func next(_ sender: Address, _ account: UInt64) -> UInt64 {
        var next = account
        while own(sender).contains(where: { $0.body.nonce == next }) { next += 1 }
        return next
    }

    /// Dearest first; among equals who came first.
    var order: [SignedTransaction] {
        list.enumerated().sorted {
            let (left, right) = (Mempool.price($0.element), Mempool.price($1.element))
            return left == right ? $0.offset < $1.offset : left > right
        }.map(\.element)
    }

    mutating func insert(_ new: SignedTransaction, account: UInt64) -> MempoolRefusal? {
        let body = new.body
        if list.contains(where: { $0.id == new.id }) { return .alreadyKnown }
        if body.nonce < account { return .ledger(.staleNonce) }
        let own = own(body.sender)
        // The account's nonce as the pool first heard it, while something of the sender waits.
        let start = own.isEmpty ? account : accounts[body.sender, default: account]
        if let old = own.first(where: { $0.body.nonce == body.nonce }) {
            let bump = max(1, old.body.fee.units / 100 * UInt128(limits.bumpPercent))
            if body.fee.units < old.body.fee.units + bump { return .replacementUnderpriced }
            if bytes - old.byteCount + new.byteCount > limits.bytes { return .poolFull }
            list.removeAll { $0.id == old.id }
            list.append(new)
            return nil
        }
        if own.count >= limits.perSender { return .senderFull }
        let ready = next(body.sender, start)
        if body.nonce > ready {
            let gapped = own.count { $0.body.nonce > ready }
            if gapped >= limits.gapped || list.count >= limits.transactions / 2 { return .nonceGap }
        }
        var kept = list
        while kept.count >= limits.transactions
            || kept.reduce(0, { $0 + $1.byteCount }) + new.byteCount > limits.bytes
        {
            let left = order.filter { one in
                one.body.sender != body.sender && kept.contains { $0.id == one.id }
            }
            guard let cheapest = left.last, Mempool.price(cheapest) < Mempool.price(new) else {
                return .poolFull
            }
            kept.removeAll {
                $0.body.sender == cheapest.body.sender && $0.body.nonce >= cheapest.body.nonce
            }
        }
        list = kept + [new]
        accounts[body.sender] = start
        return nil
    }

    var bytes: Int { list.reduce(0) { $0 + $1.byteCount } }

    func candidates(count: Int, bytes: Int) -> [SignedTransaction] {
        var next = accounts
        var chosen: [SignedTransaction] = []
        var room = bytes
        while let best = order.first(where: { one in
            one.body.nonce == next[one.body.sender] && !chosen.contains { $0.id == one.id }
        }) {
            guard chosen.count < count, best.byteCount <= room else { break }
            chosen.append(best)
            room -= best.byteCount
            next[best.body.sender] = best.body.nonce + 1
        }
        return chosen
    }

    mutating func remove(included: [SignedTransaction]) {
        for body in included.map(\.body) where !own(body.sender).isEmpty {
            let account = max(accounts[body.sender, default: 0], body.nonce + 1)
            accounts[body.sender] = account
            list.removeAll { $0.body.sender == body.sender && $0.body.nonce < account }
        }
    }
}

@Suite("The pool against a naive list")
struct MempoolModelTests {
    @Test("every refusal, order, byte and block is the same", arguments: UInt64(0)..<30)
    func agrees(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let senders = try Senders()
        let limits = MempoolLimits(
            transactions: Int.random(in: 4...24, using: &generator),
            bytes: Int.random(in: 900...5_000, using: &generator),
            perSender: Int.random(in: 2...9, using: &generator),
            gapped: Int.random(in: 0...3, using: &generator),
            bumpPercent: Int.random(in: 1...50, using: &generator)
        )
        var pool = Mempool(limits: limits)
        var naive = NaivePool(limits: limits)
        var accounts: [UInt8: UInt64] = [:]
        for step in 0..<150 {
            let who = UInt8.random(in: 1...6, using: &generator)
            let account = accounts[who, default: 0]
            switch Int.random(in: 0...9, using: &generator) {
            case 0:
                let count = Int.random(in: 0...6, using: &generator)
                let block = pool.candidates(count: count, bytes: 2_000)
                for body in block.map(\.body) {
                    for number in UInt8(1)...6 where try senders.address(number) == body.sender {
                        accounts[number] = body.nonce + 1
                    }
                }
                pool.remove(included: block)
                naive.remove(included: block)
            case 1:
                let all = pool.allIDs
                guard let id = all.randomElement(using: &generator) else { continue }
                pool.drop(id)
                naive.list.removeAll { $0.id == id }
            default:
                let ahead = UInt64.random(in: 0...5, using: &generator)
                let transaction = try senders.transfer(
                    who,
                    nonce: account + ahead,
                    fee: UInt128.random(in: 0...6, using: &generator) * 300
                )
                let expected = naive.insert(transaction, account: account)
                var found: MempoolRefusal?
                do throws(MempoolRefusal) {
                    try pool.insert(transaction, account: account)
                } catch {
                    found = error
                }
                #expect(found == expected, "seed \(seed), step \(step)")
            }
            #expect(pool.allIDs == naive.order.map(\.id), "seed \(seed), step \(step)")
            #expect(pool.count == naive.list.count)
            #expect(pool.byteCount == naive.bytes)
            let count = Int.random(in: 1...12, using: &generator)
            #expect(
                pool.candidates(count: count, bytes: 1_500).map(\.id)
                    == naive.candidates(count: count, bytes: 1_500).map(\.id),
                "seed \(seed), step \(step)"
            )
        }
    }
}
