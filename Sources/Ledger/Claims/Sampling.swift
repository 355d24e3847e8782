// Who judges a claim, and which of its units they re-run. Pure functions of the beacon, shared by
// the chain and by every validator's verifier.

import Commitments
import Cryptography
package import Primitives
package import Voting

package enum Sampling {
    /// What everything about one attempt to judge a claim is drawn from.
    package static func seed(beacon: Digest, claim: Digest, attempt: UInt16) -> Digest {
        var writer = BorshWriter()
        writer.write(beacon)
        writer.write(claim)
        writer.write(attempt)
        return taggedHash(LedgerTag.sample, writer.bytes)
    }

    /// Draws up to `size` validators without replacement, each draw in proportion to power.
    /// Returns positions in `candidates`, in the order drawn.
    /// - Precondition: the powers' sum does not overflow; a validator set guarantees it.
    package static func committee(
        seed: Digest,
        candidates: [Validator],
        size: Int
    ) -> [Int] {
        var stream = KeyedStream(seed: taggedHash(LedgerTag.committee, seed.bytes))
        var waiting = Array(candidates.indices)
        var drawn: [Int] = []
        while drawn.count < size, !waiting.isEmpty {
            let total = waiting.reduce(UInt64(0)) { $0 + candidates[$1].power }
            guard total > 0 else { break }
            var point = stream.next(below: total)
            var place = 0
            while point >= candidates[waiting[place]].power {
                point -= candidates[waiting[place]].power
                place += 1
            }
            drawn.append(waiting.remove(at: place))
        }
        return drawn
    }

    /// How many seats re-run the same units, where the committee is large enough: two can
    /// contradict each other, so neither can skip its work.
    static let seatsOfBench = 2

    /// How many benches a committee of `seats` divides its sample among. Seat `i` sits on bench
    /// `i mod benches`, so nobody knows before the beacon who shares a bench with whom.
    package static func benchCount(seats: Int, unitCount: UInt32, size: SampleSize) -> Int {
        var drawn = Int(size.distinct(of: unitCount))
        if !size.isWhole(unitCount) { drawn += Int(size.weighted) }
        return max(1, min(seats / seatsOfBench, drawn))
    }

    /// The units that one bench re-runs. The committee's sample is all units when there are few,
    /// else `size.distinct(of:)` different ones with equal chance and `size.weighted` draws in
    /// proportion to pay; it is dealt to the benches in the order drawn. Ascending, without repeats.
    ///
    /// What is drawn with equal chance does not depend on `pay`.
    /// - Parameter pay: what each unit claims to earn, or empty when all earn the same.
    /// - Precondition: `bench < benches`; `pay` is empty or has `unitCount` amounts whose sum is at
    ///   most the supply.
    package static func share(
        bench: Int,
        of benches: Int,
        seed: Digest,
        unitCount: UInt32,
        size: SampleSize,
        pay: [Amount] = []
    ) -> [UInt32] {
        precondition((0..<benches).contains(bench))
        precondition(pay.isEmpty || pay.count == Int(unitCount))
        var stream = KeyedStream(seed: seed)
        var drawn = distinct(size.distinct(of: unitCount), of: unitCount, &stream)
        if !size.isWhole(unitCount) { drawn += weighted(size.weighted, by: pay, &stream) }
        let dealt = stride(from: bench, to: drawn.count, by: benches).map { drawn[$0] }.sorted()
        return dealt.indices.filter { $0 == 0 || dealt[$0] != dealt[$0 - 1] }.map { dealt[$0] }
    }

    /// The bench among whose units of equal chance a unit is; nil when it was not drawn.
    package static func bench(
        holding unit: UInt32,
        of benches: Int,
        seed: Digest,
        unitCount: UInt32,
        size: SampleSize
    ) -> Int? {
        var stream = KeyedStream(seed: seed)
        return distinct(size.distinct(of: unitCount), of: unitCount, &stream)
            .firstIndex(of: unit).map { $0 % benches }
    }

    /// The first `count` places of a shuffle (Fisher and Yates; Durstenfeld 1964) of which only
    /// the exchanged places are kept: every order of every subset has the same chance.
    private static func distinct(
        _ count: UInt32,
        of total: UInt32,
        _ stream: inout KeyedStream
    ) -> [UInt32] {
        var exchanged: [UInt32: UInt32] = [:]
        return (0..<count).map { place in
            let pick = place + UInt32(stream.next(below: UInt64(total - place)))
            let value = exchanged[pick] ?? pick
            exchanged[pick] = exchanged[place] ?? place
            return value
        }
    }

    private static func weighted(
        _ count: UInt32,
        by pay: [Amount],
        _ stream: inout KeyedStream
    ) -> [UInt32] {
        var ends: [UInt128] = []
        var total: UInt128 = 0
        for amount in pay {
            total += amount.units
            ends.append(total)
        }
        guard total > 0 else { return [] }
        return (0..<count).map { _ in
            let point = stream.next(below: total)
            var low = 0
            var high = ends.count - 1
            while low < high {
                let middle = (low + high) / 2
                if ends[middle] <= point { low = middle + 1 } else { high = middle }
            }
            return UInt32(low)
        }
    }
}
