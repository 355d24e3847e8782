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

    /// Draws the units to re-run: all when there are few, else `size.uniform` distinct ones with
    /// equal chance and `size.weighted` draws in proportion to pay. Ascending, without repeats.
    ///
    /// - Parameter pay: what each unit claims to earn, or empty when all earn the same.
    /// - Precondition: `pay` is empty or has `unitCount` amounts whose sum is at most the supply.
    package static func units(
        seed: Digest,
        unitCount: UInt32,
        size: SampleSize,
        pay: [Amount] = []
    ) -> [UInt32] {
        precondition(pay.isEmpty || pay.count == Int(unitCount))
        guard unitCount > size.whole, unitCount > size.uniform else {
            return Array(0..<unitCount)
        }
        var stream = KeyedStream(seed: seed)
        var sample = uniform(size.uniform, of: unitCount, &stream)
        for unit in weighted(size.weighted, by: pay, &stream) { sample.insert(unit) }
        return sample.sorted()
    }

    /// Floyd's sampling (Bentley 1987): every subset of `count` has the same chance.
    private static func uniform(
        _ count: UInt32,
        of total: UInt32,
        _ stream: inout KeyedStream
    ) -> Set<UInt32> {
        var chosen: Set<UInt32> = []
        for last in (total - count)..<total {
            let pick = UInt32(stream.next(below: UInt64(last) + 1))
            chosen.insert(chosen.contains(pick) ? last : pick)
        }
        return chosen
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
