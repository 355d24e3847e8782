// What a validator's sample costs beside the prover's whole work, by the ledger's own rule.

import Commitments
import Ledger
import Primitives

/// Prints one line of JSON for a claim of 500 training steps, one a unit, and 1,000 index rows.
///
/// A panel member re-runs the sample of each claim; everything else it does (hashes, the factorised
/// kernel) is small beside that and left out.
/// - Parameters:
///   - step: seconds of one training step.
///   - gradient: seconds of one record's gradient.
func printVerificationCost(step: Double, gradient: Double) {
    let (steps, records) = (UInt32(500), UInt32(1_000))
    let claims = ChainParameters.standard.claims
    let sampledSteps = sampled(claims.sample(.training), of: steps)
    let sampledRows = sampled(claims.sample(.index), of: records)
    let prover = Double(steps) * step + Double(records) * gradient
    let validator = Double(sampledSteps) * step + Double(sampledRows) * gradient
    let fields = [
        ("steps", "\(steps)"), ("sampledSteps", "\(sampledSteps)"), ("records", "\(records)"),
        ("sampledRows", "\(sampledRows)"), ("proverSeconds", "\(prover.rounded())"),
        ("validatorSeconds", "\(validator.rounded())"),
        ("validatorShare", "\((validator / prover * 10_000).rounded() / 10_000)"),
    ]
    print("{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
}

private func sampled(_ size: SampleSize, of units: UInt32) -> UInt32 {
    UInt32(Sampling.units(seed: .zero, unitCount: units, size: size).count)
}
