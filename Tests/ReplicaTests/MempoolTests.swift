import Ledger
import Primitives
import Replica
import TestSupport
import Testing

@Suite("Mempool")
struct MempoolTests {
    private func limits(
        transactions: Int = 100,
        bytes: Int = 1 << 20,
        perSender: Int = 50,
        gapped: Int = 4
    ) -> MempoolLimits {
        MempoolLimits(
            transactions: transactions,
            bytes: bytes,
            perSender: perSender,
            gapped: gapped
        )
    }

    @Test("among equal fees a block takes first come first served, each sender's nonces in order")
    func order() throws {
        let senders = try Senders()
        var pool = Mempool(limits: limits())
        let wanted = [
            try senders.transfer(1, nonce: 0), try senders.transfer(2, nonce: 5),
            try senders.transfer(1, nonce: 1),
        ]
        try pool.insert(wanted[0], account: 0)
        try pool.insert(wanted[1], account: 5)
        try pool.insert(wanted[2], account: 0)
        #expect(pool.candidates(count: 10, bytes: 1 << 20).map(\.id) == wanted.map(\.id))
        #expect(pool.candidates(count: 2, bytes: 1 << 20).count == 2)
        #expect(pool.candidates(count: 10, bytes: wanted[0].byteCount).count == 1)
    }

    @Test("a nonce that came too early waits for the missing one")
    func gap() throws {
        let senders = try Senders()
        var pool = Mempool(limits: limits())
        try pool.insert(try senders.transfer(1, nonce: 2), account: 0)
        try pool.insert(try senders.transfer(1, nonce: 1), account: 0)
        #expect(pool.candidates(count: 10, bytes: 1 << 20).isEmpty)
        #expect(!pool.hasReady)
        try pool.insert(try senders.transfer(1, nonce: 0), account: 0)
        #expect(pool.hasReady)
        #expect(pool.candidates(count: 10, bytes: 1 << 20).map(\.body.nonce) == [0, 1, 2])
        #expect(pool.nextNonce(of: try senders.address(1)) == 3)
    }

    @Test("the same transaction twice, and a stale nonce, are refused")
    func repeated() throws {
        let senders = try Senders()
        var pool = Mempool(limits: limits())
        let one = try senders.transfer(1, nonce: 3)
        try pool.insert(one, account: 3)
        #expect(throws: MempoolRefusal.alreadyKnown) { try pool.insert(one, account: 3) }
        #expect(throws: MempoolRefusal.ledger(.staleNonce)) {
            try pool.insert(try senders.transfer(1, nonce: 2), account: 3)
        }
    }

    @Test("a tenth more fee replaces, less does not")
    func replacement() throws {
        let senders = try Senders()
        var pool = Mempool(limits: limits())
        try pool.insert(try senders.transfer(1, nonce: 0, fee: 1_000), account: 0)
        #expect(throws: MempoolRefusal.replacementUnderpriced) {
            try pool.insert(try senders.transfer(1, nonce: 0, fee: 1_099), account: 0)
        }
        let better = try senders.transfer(1, nonce: 0, fee: 1_100)
        try pool.insert(better, account: 0)
        #expect(pool.count == 1)
        #expect(pool.byteCount == better.byteCount)
        #expect(pool.allIDs == [better.id])
        #expect(pool.candidates(count: 10, bytes: 1 << 20).map(\.id) == [better.id])
    }

    @Test("each limit takes its last and refuses one more")
    func eachLimit() throws {
        let senders = try Senders()
        var bySender = Mempool(limits: limits(perSender: 2))
        try bySender.insert(try senders.transfer(1, nonce: 0), account: 0)
        try bySender.insert(try senders.transfer(1, nonce: 1), account: 0)
        #expect(throws: MempoolRefusal.senderFull) {
            try bySender.insert(try senders.transfer(1, nonce: 2), account: 0)
        }
        var byCount = Mempool(limits: limits(transactions: 1))
        try byCount.insert(try senders.transfer(1, nonce: 0), account: 0)
        #expect(throws: MempoolRefusal.poolFull) {
            try byCount.insert(try senders.transfer(2, nonce: 0), account: 0)
        }
        let size = try senders.transfer(1, nonce: 0).byteCount
        var byBytes = Mempool(limits: limits(bytes: size))
        try byBytes.insert(try senders.transfer(1, nonce: 0), account: 0)
        #expect(throws: MempoolRefusal.poolFull) {
            try byBytes.insert(try senders.transfer(2, nonce: 0), account: 0)
        }
        var byGap = Mempool(limits: limits(gapped: 1))
        try byGap.insert(try senders.transfer(1, nonce: 5), account: 0)
        #expect(throws: MempoolRefusal.nonceGap) {
            try byGap.insert(try senders.transfer(1, nonce: 6), account: 0)
        }
    }

    @Test("gapped transactions cannot fill the second half of the pool")
    func gapsLeaveRoom() throws {
        let senders = try Senders()
        var pool = Mempool(limits: limits(transactions: 8))
        for sender in UInt8(1)...4 {
            try pool.insert(try senders.transfer(sender, nonce: 1), account: 0)
        }
        #expect(throws: MempoolRefusal.nonceGap) {
            try pool.insert(try senders.transfer(5, nonce: 1), account: 0)
        }
        try pool.insert(try senders.transfer(5, nonce: 0), account: 0)
    }

    @Test("what a block included leaves the pool, with all that it made stale")
    func removal() throws {
        let senders = try Senders()
        var pool = Mempool(limits: limits())
        for nonce in UInt64(0)..<3 {
            try pool.insert(try senders.transfer(1, nonce: nonce), account: 0)
        }
        // The block held another transaction with nonce 1 than the one here.
        pool.remove(included: [
            try senders.transfer(1, nonce: 0), try senders.transfer(1, nonce: 1, amount: 9),
        ])
        #expect(pool.candidates(count: 10, bytes: 1 << 20).map(\.body.nonce) == [2])
        pool.drop(try senders.transfer(1, nonce: 2).id)
        #expect(pool.count == 0)
        #expect(pool.byteCount == 0)
        #expect(pool.allIDs.isEmpty)
    }

    @Test("a block takes the best price first, but never a nonce before the one that it follows")
    func priority() throws {
        let senders = try Senders()
        var pool = Mempool(limits: limits())
        let cheap = try senders.transfer(1, nonce: 0, fee: 1_000)
        let behind = try senders.transfer(1, nonce: 1, fee: 9_000)
        let good = try senders.transfer(2, nonce: 0, fee: 5_000)
        let duty = try senders.transfer(3, nonce: 0, fee: 0)
        for one in [cheap, behind, good, duty] { try pool.insert(one, account: 0) }
        let wanted = [duty, good, cheap, behind].map(\.id)
        #expect(pool.candidates(count: 10, bytes: 1 << 20).map(\.id) == wanted)
    }

    @Test("a full pool gives up its cheapest, and what follows that, for one that pays more")
    func eviction() throws {
        let senders = try Senders()
        var pool = Mempool(limits: limits(transactions: 4))
        try pool.insert(try senders.transfer(1, nonce: 0, fee: 8_000), account: 0)
        try pool.insert(try senders.transfer(2, nonce: 0, fee: 2_000), account: 0)
        try pool.insert(try senders.transfer(2, nonce: 1, fee: 9_000), account: 0)
        try pool.insert(try senders.transfer(3, nonce: 0, fee: 4_000), account: 0)
        #expect(throws: MempoolRefusal.poolFull) {
            try pool.insert(try senders.transfer(4, nonce: 0, fee: 2_000), account: 0)
        }
        #expect(throws: MempoolRefusal.poolFull, "not its own, which it follows") {
            try pool.insert(try senders.transfer(2, nonce: 2, fee: 3_000), account: 0)
        }
        let better = try senders.transfer(4, nonce: 0, fee: 3_000)
        try pool.insert(better, account: 0)
        #expect(pool.count == 3)
        #expect(pool.nextNonce(of: try senders.address(2)) == nil)
        #expect(pool.contains(better.id))
    }

    @Test("a signature is verified, and a wrong one is not remembered as right")
    func verdicts() throws {
        let senders = try Senders()
        var cache = VerdictCache(limit: 2)
        let good = try senders.transfer(1, nonce: 0)
        let forged = SignedTransaction(
            body: good.body,
            key: good.key,
            signature: try senders.transfer(1, nonce: 1).signature
        )
        for _ in 0..<2 {
            let verdicts = [cache.isSigned(good), cache.isSigned(forged)]
            #expect(verdicts == [true, false])
        }
        for nonce in UInt64(0)..<6 {
            let other = cache.isSigned(try senders.transfer(2, nonce: nonce))
            #expect(other)
        }
        let again = cache.isSigned(good)
        #expect(again)
    }
}
