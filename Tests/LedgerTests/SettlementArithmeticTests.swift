import Commitments
import Ledger
import Primitives
import TestSupport
import Testing

@Suite("Settlement arithmetic") struct SettlementArithmeticTests {
    private func amount(_ generator: inout SeededGenerator) -> Amount {
        let shift = Int.random(in: 0..<90, using: &generator)
        let most = Genesis.supply.units >> shift
        return Amount(units: UInt128.random(in: 0...most, using: &generator))
    }

    @Test("whatever the total and the shares, the parts sum to the whole", arguments: 0..<8)
    func wholes(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let total = amount(&generator)
            let split = try FeeSplit(
                total: total,
                shares: .standard(vesting: 0, channelClose: 1),
                modelPerMille: UInt16.random(in: 0...1_000, using: &generator),
                datanetOwnerPerMille: UInt16.random(in: 0...1_000, using: &generator)
            )
            let parts = [
                split.contributors, split.datanetOwner, split.adapterOwner, split.modelOwner,
                split.provider, split.validators, split.treasury,
            ]
            #expect(try parts.reduce(.zero) { try $0.adding($1) } == total)
        }
    }

    @Test(
        "contributors' parts and what is left sum to the pot, and keep to the cap",
        arguments: 0..<8
    )
    func division(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let rows = try randomRows(&generator)
            let nets = NetInfluence.sum(over: rows)
            let pot = amount(&generator)
            let cap = UInt16.random(in: 0...1_000, using: &generator)
            let (parts, left) = try NetInfluence.divide(pot, among: nets, capPerMille: cap)
            let total = try parts.reduce(left) { try $0.adding($1.amount) }
            #expect(total == pot)
            let most = try pot.scaled(by: UInt64(cap), over: UInt64(1_000))
            #expect(parts.allSatisfy { $0.amount <= most })
            #expect(parts.count == nets.filter { $0.net > 0 }.count)
        }
    }

    private func randomRows(_ generator: inout SeededGenerator) throws -> [QueryAttribution] {
        var left = Genesis.supply
        var rows: [QueryAttribution] = []
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let fee = min(amount(&generator), left)
            left = try left.subtracting(fee)
            let shares = try (0..<4).map { place in
                ContributorShare(
                    contributor: try #require(Address(Array(repeating: UInt8(place), count: 20))),
                    weight: Int64.random(in: -(1 << 30)...(1 << 30), using: &generator)
                )
            }
            rows.append(
                try #require(
                    QueryAttribution(receipt: .zero, fee: fee, scores: .zero, shares: shares)
                )
            )
        }
        return rows
    }

    @Test("the largest possible fee and weights do not overflow")
    func extremes() throws {
        let one = try #require(Address(Array(repeating: 1, count: 20)))
        let row = try #require(
            QueryAttribution(
                receipt: .zero,
                fee: Genesis.supply,
                scores: .zero,
                shares: [ContributorShare(contributor: one, weight: ContributorShare.scale)]
            )
        )
        let nets = NetInfluence.sum(over: [row])
        #expect(nets.first?.net == Int128(Genesis.supply.units) << 32)
        let (parts, left) = try NetInfluence.divide(
            Genesis.supply,
            among: nets,
            capPerMille: 1_000
        )
        #expect(parts.map(\.amount) == [Genesis.supply])
        #expect(left == .zero)
    }

    @Test("netting comes before clipping: harm in one answer takes from help in another")
    func netting() throws {
        let good = try #require(Address(Array(repeating: 1, count: 20)))
        let poison = try #require(Address(Array(repeating: 2, count: 20)))
        let rows = try [(30, 40), (30, -60)].map { help, mixed in
            try #require(
                QueryAttribution(
                    receipt: .zero,
                    fee: Amount(tokens: 1),
                    scores: .zero,
                    shares: [
                        ContributorShare(contributor: good, weight: Int64(help)),
                        ContributorShare(contributor: poison, weight: Int64(mixed)),
                    ]
                )
            )
        }
        let nets = NetInfluence.sum(over: rows)
        #expect(nets.map { $0.net.signum() } == [1, -1])
        let (parts, _) = try NetInfluence.divide(
            Amount(tokens: 1),
            among: nets,
            capPerMille: 1_000
        )
        #expect(parts.map(\.contributor) == [good])
    }

    @Test("an answer's fee weighs its influence")
    func feeWeights() throws {
        let one = try #require(Address(Array(repeating: 1, count: 20)))
        let two = try #require(Address(Array(repeating: 2, count: 20)))
        let rows = try [(one, UInt64(3)), (two, 1)].map { who, fee in
            try #require(
                QueryAttribution(
                    receipt: .zero,
                    fee: Amount(tokens: fee),
                    scores: .zero,
                    shares: [ContributorShare(contributor: who, weight: 100)]
                )
            )
        }
        let (parts, _) = try NetInfluence.divide(
            Amount(tokens: 8),
            among: NetInfluence.sum(over: rows),
            capPerMille: 1_000
        )
        #expect(parts.map(\.amount) == [Amount(tokens: 6), Amount(tokens: 2)])
    }
}
