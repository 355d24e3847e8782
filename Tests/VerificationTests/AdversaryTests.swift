import Commitments
import Cryptography
import Jobs
import Ledger
import Primitives
import Testing
import Verification

/// What the protocol says about chances, with the code that judges: claims whose units are cheap,
/// under many beacons, before all benches of a standard committee.
@Suite("Altered claims") struct AdversaryTests {
    /// A unit is a hash of its number.
    struct NumberJob: VerifiableJob {
        let unitCount: Int

        func rerun(_ unit: Int) throws(JobFailure) -> UnitResult {
            try checkUnit(unit)
            return UnitResult(
                output: Self.digest("output", unit),
                trace: Self.digest("trace", unit)
            )
        }

        static func digest(_ name: StaticString, _ number: Int) -> Digest {
            taggedHash(HashTag("test/number"), Array("\(name) \(number)".utf8))
        }

        var outputs: [Digest] { (0..<unitCount).map { Self.digest("output", $0) } }
    }

    private static let benches = 16

    private func share(
        _ bench: Int,
        _ beacon: Int,
        _ work: ClaimedWork,
        _ kind: JobKind
    ) -> [UInt32] {
        Sampling.share(
            bench: bench,
            of: Self.benches,
            seed: NumberJob.digest("beacon", beacon),
            unitCount: UInt32(work.outputs.count),
            size: ChainParameters.standard.claims.sample(kind),
            pay: work.pay
        )
    }

    /// How many of so many beacons bring a bench to object; each bench objects exactly when an
    /// altered unit is on its share, and names the first of them.
    private func caught(
        _ work: ClaimedWork,
        _ kind: JobKind,
        altered: Set<UInt32>,
        beacons: Int
    ) -> Int {
        (0..<beacons).count { beacon in
            var isCaught = false
            for bench in 0..<Self.benches {
                let share = share(bench, beacon, work, kind)
                let verdict = ClaimJudgement.of(work, sample: share).verdict
                if let first = share.first(where: { altered.contains($0) }) {
                    let right = NumberJob.digest("output", Int(first))
                    #expect(verdict == .invalid(unit: first, expected: right))
                    isCaught = true
                } else {
                    #expect(verdict == .valid)
                }
            }
            return isCaught
        }
    }

    @Test("one altered index row of a thousand is caught with 40 %")
    func alteredRow() {
        let job = NumberJob(unitCount: 1_000)
        var outputs = job.outputs
        outputs[617] = .zero
        let work = ClaimedWork(job: job, outputs: outputs)
        // 200 · 0.4, standard deviation 6.9.
        let count = caught(work, .index, altered: [617], beacons: 200)
        #expect((52...108).contains(count), "\(count)")
    }

    @Test("two index rows that changed places are two altered ones, caught with 64 %")
    func forgedOrder() {
        let job = NumberJob(unitCount: 1_000)
        var outputs = job.outputs
        outputs.swapAt(3, 990)
        let work = ClaimedWork(job: job, outputs: outputs)
        // 200 · 0.64, standard deviation 6.8.
        let count = caught(work, .index, altered: [3, 990], beacons: 200)
        #expect((100...156).contains(count), "\(count)")
    }

    @Test("one altered unit of a training run is caught with 48 %, however finely it is cut")
    func alteredStep() {
        for units in [32, 500] {
            let job = NumberJob(unitCount: units)
            var outputs = job.outputs
            outputs[units / 2] = .zero
            let work = ClaimedWork(job: job, outputs: outputs)
            let altered: Set = [UInt32(units / 2)]
            // 200 · 0.48 or 0.5, standard deviation 7.1.
            let count = caught(work, .training, altered: altered, beacons: 200)
            #expect((68...130).contains(count), "\(units): \(count)")
        }
    }

    @Test("a small claim hides nothing, and a score that earns much is caught nearly always")
    func alteredScore() {
        let small = NumberJob(unitCount: 64)
        var outputs = small.outputs
        outputs[9] = .zero
        let whole = ClaimedWork(job: small, outputs: outputs)
        #expect(caught(whole, .attribution, altered: [9], beacons: 20) == 20)
        let job = NumberJob(unitCount: 5_000)
        outputs = job.outputs
        outputs[4_321] = .zero
        // One row with a twentieth of all pay: missed with 0.95^96 = 0.7 %, less by uniform draws.
        var pay = [Amount](repeating: Amount(tokens: 1), count: 5_000)
        pay[4_321] = Amount(tokens: 263)
        let work = ClaimedWork(job: job, outputs: outputs, pay: pay)
        #expect(caught(work, .attribution, altered: [4_321], beacons: 50) >= 46)
    }
}
