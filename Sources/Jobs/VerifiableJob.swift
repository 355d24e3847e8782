// What every paid computation looks like to a validator: numbered units, each of which can be run
// again alone. Adding a kind of job to the network means adding one file beside this one.

import Cryptography
package import Primitives

/// What running one unit yields.
package struct UnitResult: Sendable, Equatable {
    /// The leaf of the claim's output tree.
    package let output: Digest
    /// Hash of intermediate integers that no prover publishes. Only who ran the unit knows it, so
    /// a verdict cannot be copied from the claim.
    package let trace: Digest

    package init(output: Digest, trace: Digest) {
        self.output = output
        self.trace = trace
    }
}

/// Why a unit could not be run. Such a claim is *invalid*: its committed inputs do not describe a
/// computation. Inputs that are merely missing are the caller's matter (*unavailable*).
package enum JobFailure: Error, Equatable {
    case unitOutOfRange(unit: Int, count: Int)
    /// A committed input breaks its format or a limit; `field` names it.
    case malformedInput(field: String, reason: String)
    /// The computation left the range of the numerics (overflow, NaN).
    case numerics(String)
}

package protocol VerifiableJob: Sendable {
    var unitCount: Int { get }

    /// Runs one unit. Equal inputs give equal bits on every machine.
    func rerun(_ unit: Int) throws(JobFailure) -> UnitResult

    /// The same job, with what these units have in common computed at once. No result depends on
    /// it; a unit that fails does so when it is run.
    func prepared(for units: [Int]) -> Self
}

extension VerifiableJob {
    package func checkUnit(_ unit: Int) throws(JobFailure) {
        guard (0..<unitCount).contains(unit) else {
            throw .unitOutOfRange(unit: unit, count: unitCount)
        }
    }

    package func prepared(for units: [Int]) -> Self { self }

    /// Runs every unit: what a prover does before it claims.
    package func runAll() throws(JobFailure) -> [UnitResult] {
        var results: [UnitResult] = []
        let job = prepared(for: Array(0..<unitCount))
        for unit in 0..<unitCount { results.append(try job.rerun(unit)) }
        return results
    }
}

/// The digest that a verdict commits to: the traces of the sampled units, in the sample's order.
package func combinedTrace(_ results: [UnitResult]) -> Digest {
    var hasher = TaggedHasher(HashTag("openledger/verdict-trace/v1"))
    for result in results { hasher.update(result.trace.bytes) }
    return hasher.finalize()
}
