// What a validator thinks of a claim: the pure part of verification.

package import Commitments
import Jobs
package import Primitives

/// A verdict with the trace that proves it was worked for.
package struct ClaimJudgement: Sendable, Equatable {
    package let verdict: Verdict
    /// Zero for `unavailable`, and where a claim fails before any unit can run.
    package let trace: Digest

    package init(verdict: Verdict, trace: Digest) {
        self.verdict = verdict
        self.trace = trace
    }

    package static let unavailable = ClaimJudgement(verdict: .unavailable, trace: .zero)

    /// A claim whose inputs do not fit together has no right output for any unit.
    package static func malformed(unit: UInt32) -> ClaimJudgement {
        ClaimJudgement(verdict: .invalid(unit: unit, expected: .zero), trace: .zero)
    }

    /// Re-runs the sample in order and stops at the first unit that differs. A unit that cannot
    /// run counts as one whose right output is zero.
    package static func of(_ work: ClaimedWork, sample: [UInt32]) -> ClaimJudgement {
        var results: [UnitResult] = []
        let job: any VerifiableJob = work.job.prepared(for: sample.map { Int($0) })
        for unit in sample {
            let result: UnitResult
            do {
                result = try job.rerun(Int(unit))
            } catch {
                result = UnitResult(output: .zero, trace: .zero)
            }
            results.append(result)
            guard result.output == work.outputs[Int(unit)] else {
                return ClaimJudgement(
                    verdict: .invalid(unit: unit, expected: result.output),
                    trace: combinedTrace(results)
                )
            }
        }
        return ClaimJudgement(verdict: .valid, trace: combinedTrace(results))
    }
}
