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

    @Test("the same seed draws the same, and the pinned sample does not move")
    func golden() {
        let size = SampleSize(whole: 8, uniform: 6, weighted: 2)
        let pay = (0..<100).map { Amount(tokens: UInt64($0)) }
        let sample = Sampling.units(seed: seed(1), unitCount: 100, size: size, pay: pay)
        #expect(sample == [9, 17, 44, 56, 60, 85, 90])
        #expect(
            Sampling.committee(seed: seed(1), candidates: candidates([5, 1, 9, 3, 3]), size: 3)
                == [3, 0, 2]
        )
    }

    @Test("few units are all re-run; a sample is ascending, distinct and inside")
    func shape() {
        let size = SampleSize(whole: 16, uniform: 20, weighted: 5)
        #expect(Sampling.units(seed: seed(1), unitCount: 16, size: size) == Array(0..<16))
        #expect(Sampling.units(seed: seed(1), unitCount: 20, size: size) == Array(0..<20))
        for number in 0..<50 {
            let pay = (0..<60).map { _ in Amount(tokens: 1) }
            let sample = Sampling.units(
                seed: seed(UInt64(number)),
                unitCount: 60,
                size: size,
                pay: pay
            )
            #expect((20...25).contains(sample.count))
            #expect(zip(sample, sample.dropFirst()).allSatisfy { $0 < $1 })
            #expect(sample.allSatisfy { $0 < 60 })
        }
    }

    @Test("every unit has the same chance in the uniform part")
    func uniform() {
        let size = SampleSize(whole: 1, uniform: 5, weighted: 0)
        var counts = Array(repeating: 0, count: 20)
        for number in 0..<2_000 {
            for unit in Sampling.units(seed: seed(UInt64(number)), unitCount: 20, size: size) {
                counts[Int(unit)] += 1
            }
        }
        // 500 expected each, standard deviation about 19.
        #expect(counts.allSatisfy { (400...600).contains($0) }, "\(counts)")
    }

    @Test("an inflated row is found by the pay-weighted part")
    func weighted() {
        let size = SampleSize(whole: 1, uniform: 1, weighted: 4)
        var pay = Array(repeating: Amount(tokens: 1), count: 1_000)
        pay[700] = Amount(tokens: 1_000)
        let found = (0..<200).filter { number in
            Sampling.units(seed: seed(UInt64(number)), unitCount: 1_000, size: size, pay: pay)
                .contains(700)
        }
        // Missed with chance (1 - 1000/1999)^4, about 1 in 16.
        #expect(found.count > 170, "\(found.count)")
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
