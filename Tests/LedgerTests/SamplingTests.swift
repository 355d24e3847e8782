import Commitments
import Cryptography
import Ledger
import Primitives
import Testing
import Voting

@Suite("Sampling") struct SamplingTests {
    private func candidates(_ powers: [UInt64]) -> [Validator] {
        powers.enumerated().map { place, power in
            Validator(
                address: Actor(UInt8(place + 1)).address,
                key: Actor(UInt8(place + 1)).key,
                power: power
            )
        }
    }

    private func seed(_ number: UInt64) -> Digest {
        World.digest("seed \(number)")
    }

    /// All shares of a committee's sample.
    private func shares(
        _ number: Int,
        of benches: Int = 1,
        units: UInt32,
        _ size: SampleSize,
        pay: [Amount] = []
    ) -> [[UInt32]] {
        (0..<benches).map {
            Sampling.share(
                bench: $0,
                of: benches,
                seed: seed(UInt64(number)),
                unitCount: units,
                size: size,
                pay: pay
            )
        }
    }

    @Test("the same seed draws the same, and the pinned sample does not move")
    func golden() {
        let size = SampleSize(whole: 8, uniform: 6, weighted: 2)
        let pay = (0..<100).map { Amount(tokens: UInt64($0)) }
        #expect(
            shares(1, of: 2, units: 100, size, pay: pay) == [[0, 2, 17, 44], [17, 46, 72, 90]]
        )
        #expect(
            Sampling.committee(seed: seed(1), candidates: candidates([5, 1, 9, 3, 3]), size: 3)
                == [3, 0, 2]
        )
    }

    @Test("few units are all re-run; a share is ascending, distinct and inside")
    func shape() {
        let size = SampleSize(whole: 16, uniform: 20, weighted: 5)
        #expect(shares(1, units: 16, size) == [Array(0..<16)])
        #expect(shares(1, units: 20, size) == [Array(0..<20)])
        #expect(shares(1, of: 7, units: 20, size).flatMap(\.self).sorted() == Array(0..<20))
        let pay = (0..<60).map { _ in Amount(tokens: 1) }
        for number in 0..<50 {
            let sample = shares(number, units: 60, size, pay: pay)[0]
            #expect((20...25).contains(sample.count))
            #expect(zip(sample, sample.dropFirst()).allSatisfy { $0 < $1 })
            #expect(sample.allSatisfy { $0 < 60 })
        }
    }

    @Test(
        "benches share the sample without overlap and within one unit evenly",
        arguments: [(1, 400), (3, 401), (16, 1_000), (16, 900_000), (7, 5)] as [(Int, UInt32)]
    )
    func dealing(benches: Int, units: UInt32) {
        let size = SampleSize(whole: 400, uniform: 400, weighted: 0)
        for number in 0..<20 {
            let shares = shares(number, of: benches, units: units, size)
            let all = shares.flatMap(\.self)
            #expect(all.count == min(400, Int(units)))
            #expect(Set(all).count == all.count)
            let counts = shares.map(\.count)
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
        }
    }

    @Test("what is drawn with equal chance is the same whatever the units earn")
    func independentOfPay() {
        let size = SampleSize(whole: 8, uniform: 40, weighted: 40)
        for number in 0..<20 {
            let pay = (0..<200).map { Amount(tokens: UInt64($0 * number)) }
            let blind = shares(number, of: 5, units: 200, size)
            let paid = shares(number, of: 5, units: 200, size, pay: pay)
            for (blind, paid) in zip(blind, paid) { #expect(Set(blind).isSubset(of: paid)) }
        }
    }

    @Test("every unit has the same chance on every bench, and so has every pair of units")
    func uniform() {
        let size = SampleSize(whole: 1, uniform: 6, weighted: 0)
        var counts = Array(repeating: Array(repeating: 0, count: 20), count: 2)
        var pairs = Array(repeating: 0, count: 400)
        for number in 0..<4_000 {
            let shares = shares(number, of: 2, units: 20, size)
            for (bench, share) in shares.enumerated() {
                for unit in share { counts[bench][Int(unit)] += 1 }
            }
            for one in shares.flatMap(\.self) {
                for other in shares.flatMap(\.self) where other > one {
                    pairs[Int(one * 20 + other)] += 1
                }
            }
        }
        // 600 expected each, standard deviation 23; chi-squared of 39 degrees of freedom is
        // below 80 with chance 0.9999.
        let chi = counts.flatMap(\.self).reduce(0.0) { $0 + Double(($1 - 600) * ($1 - 600)) / 600 }
        #expect(chi < 80, "\(counts)")
        // A pair is drawn with 6/20 · 5/19: 316 expected, standard deviation 17.
        let seen = (0..<400).filter { $0 % 20 > $0 / 20 }.map { pairs[$0] }
        #expect(seen.allSatisfy { (230...400).contains($0) }, "\(seen)")
    }

    @Test("one false unit is on a share as often as the protocol says, and ten nearly always")
    func detection() {
        let size = ChainParameters.standard.claims.sample(.index)
        let trials = 400
        func caught(_ altered: [UInt32]) -> Int {
            (0..<trials).count { number in
                let share = shares(number, units: 1_000, size)[0]
                return altered.contains { share.contains($0) }
            }
        }
        // p = 400 / 1,000, standard deviation of the count 9.8.
        #expect((120...200).contains(caught([617])))
        // 1 - C(990, 400) / C(1,000, 400) = 0.994.
        #expect(caught((0..<10).map { $0 * 97 }) >= trials - 12)
    }

    @Test("an inflated row is found by the pay-weighted part")
    func weighted() {
        let size = SampleSize(whole: 1, uniform: 1, weighted: 4)
        var pay = Array(repeating: Amount(tokens: 1), count: 1_000)
        pay[700] = Amount(tokens: 1_000)
        let found = (0..<200).filter { number in
            shares(number, units: 1_000, size, pay: pay)[0].contains(700)
        }
        // Missed with chance (1 - 1000/1999)^4, about 1 in 16.
        #expect(found.count > 170, "\(found.count)")
    }

    @Test("benches have two seats or more, never more benches than units")
    func benches() {
        let size = SampleSize(whole: 16, uniform: 16, perMille: 480, weighted: 0)
        func count(_ seats: Int, _ units: UInt32) -> Int {
            Sampling.benchCount(seats: seats, unitCount: units, size: size)
        }
        #expect(count(32, 500) == 16)
        #expect(count(33, 500) == 16)
        #expect(count(32, 5) == 5)
        #expect([0, 1, 2, 3].map { count($0, 500) } == [1, 1, 1, 1])
        #expect([4, 5, 6].map { count($0, 500) } == [2, 2, 3])
    }

    @Test("a member's share of a claim of usual size is at most three in a hundred of its work")
    func cost() {
        let claims = ChainParameters.standard.claims
        let seats = Int(claims.committeeSize)
        func largest(_ kind: JobKind, _ units: UInt32) -> Int {
            let size = claims.sample(kind)
            let benches = Sampling.benchCount(seats: seats, unitCount: units, size: size)
            return shares(1, of: benches, units: units, size).map(\.count).max() ?? 0
        }
        #expect(largest(.index, 1_000) <= 30)
        #expect(largest(.training, 500) <= 15)
        #expect(largest(.training, 32) == 1)
    }

    @Test("the part of the units that is drawn does not fall with their number")
    func part() {
        let size = ChainParameters.standard.claims.sample(.training)
        #expect(
            [1, 16, 17, 32, 100, 500].map { size.distinct(of: $0) } == [1, 16, 16, 16, 48, 240]
        )
        #expect(size.distinct(of: .max) == 2_061_584_302)
        let small = SampleSize(whole: 0, uniform: 1, perMille: 1, weighted: 0)
        #expect([1, 1_000, 1_001].map { small.distinct(of: $0) } == [1, 1, 2])
    }

    @Test("the bench that had to look at a unit is the one on whose share it is")
    func holder() {
        let size = SampleSize(whole: 8, uniform: 30, weighted: 30)
        let pay = (0..<100).map { Amount(tokens: UInt64($0)) }
        for number in 0..<10 {
            let shares = shares(number, of: 4, units: 100, size, pay: pay)
            let holders = (0..<100).map { unit in
                Sampling.bench(
                    holding: unit,
                    of: 4,
                    seed: seed(UInt64(number)),
                    unitCount: 100,
                    size: size
                )
            }
            #expect(holders.count { $0 != nil } == 30)
            for case (let unit, let bench?) in zip(UInt32(0)..., holders) {
                #expect(shares[bench].contains(unit))
            }
        }
    }

    @Test("committees are drawn by stake, without anyone twice, and never beyond everybody")
    func committee() {
        let set = candidates([10, 10, 10, 70])
        var first = Array(repeating: 0, count: 4)
        for number in 0..<1_000 {
            let drawn = Sampling.committee(seed: seed(UInt64(number)), candidates: set, size: 3)
            #expect(Set(drawn).count == 3)
            first[drawn[0]] += 1
        }
        #expect((640...760).contains(first[3]), "\(first)")
        #expect(Sampling.committee(seed: seed(1), candidates: set, size: 9).count == 4)
        #expect(Sampling.committee(seed: seed(1), candidates: [], size: 3).isEmpty)
    }

    @Test("bounded draws stay below their bound, at its edges too")
    func bounds() {
        var stream = KeyedStream(seed: seed(3))
        for _ in 0..<100 {
            #expect(stream.next(below: UInt64(1)) == 0)
            #expect(stream.next(below: UInt64(3)) < 3)
            #expect(stream.next(below: UInt64(1) << 63 | 1) <= UInt64(1) << 63)
            #expect(stream.next(below: UInt128(5)) < 5)
        }
    }

    @Test("a claim's seed differs by beacon, claim and attempt")
    func seeds() {
        let base = Sampling.seed(beacon: seed(1), claim: seed(2), attempt: 1)
        #expect(base != Sampling.seed(beacon: seed(3), claim: seed(2), attempt: 1))
        #expect(base != Sampling.seed(beacon: seed(1), claim: seed(3), attempt: 1))
        #expect(base != Sampling.seed(beacon: seed(1), claim: seed(2), attempt: 2))
    }
}
