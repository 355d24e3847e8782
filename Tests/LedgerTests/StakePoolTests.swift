import Ledger
import Primitives
import TestSupport
import Testing

@Suite("Stake pool") struct StakePoolTests {
    @Test("a reward and a slash reach every owner in proportion")
    func proportion() throws {
        var pool = StakePool()
        let one = try pool.deposit(Amount(tokens: 30))
        let two = try pool.deposit(Amount(tokens: 10))
        try pool.reward(Amount(tokens: 8))
        #expect(try pool.worth(one) == Amount(tokens: 36))
        #expect(try pool.slash(Amount(tokens: 24)) == Amount(tokens: 24))
        #expect(try pool.worth(two) == Amount(tokens: 6))
    }

    @Test("nobody takes out more than the pool holds, and rounding never pays")
    func rounding() throws {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<200 {
            var pool = StakePool()
            _ = try pool.deposit(Amount(units: UInt128.random(in: 1...1_000, using: &generator)))
            try pool.reward(Amount(units: UInt128.random(in: 0...1_000, using: &generator)))
            let put = Amount(units: UInt128.random(in: 1...1_000, using: &generator))
            let shares = try pool.deposit(put)
            #expect(try pool.worth(shares) <= put)
            let wanted = try pool.worth(shares)
            if let enough = try pool.shares(worth: wanted) { #expect(enough <= shares) }
            let before = pool.tokens
            let taken = try pool.withdraw(shares)
            #expect(try pool.tokens.adding(taken) == before)
        }
    }

    @Test("a pool that lost everything takes no deposits, because old shares would share them")
    func empty() throws {
        var pool = StakePool()
        #expect(pool.acceptsDeposits)
        _ = try pool.deposit(Amount(tokens: 1))
        #expect(try pool.slash(Amount(tokens: 5)) == Amount(tokens: 1))
        #expect(!pool.acceptsDeposits)
        #expect(try pool.shares(worth: Amount(units: 1)) == nil)
    }
}
