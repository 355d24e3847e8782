// What a committee member's share costs beside the prover's whole work, by the ledger's own rule.

import Attribution
import Commitments
import ExactMath
import Foundation
import Jobs
import LanguageModel
import Ledger
import Primitives

/// Prints one line of JSON for a claim of 500 training steps in as many units as the factory makes,
/// and one of 1,000 index rows, before a full committee; computed, not run.
///
/// - Parameters:
///   - step: seconds of one training step.
///   - gradient: seconds of one record's gradient.
func printVerificationCost(step: Double, gradient: Double) {
    let (steps, records) = (500, 1_000)
    let unit = unitSteps(steps)
    let units = (steps + unit - 1) / unit
    let ownSteps = share(.training, of: units).count * unit
    let ownRows = share(.index, of: records).count
    let prover = Double(steps) * step + Double(records) * gradient
    let validator = Double(ownSteps) * step + Double(ownRows) * gradient
    printLine([
        ("steps", "\(steps)"), ("ownSteps", "\(ownSteps)"), ("records", "\(records)"),
        ("ownRows", "\(ownRows)"), ("proverSeconds", rounded(prover)),
        ("validatorSeconds", rounded(validator)), ("validatorShare", rounded(validator / prover)),
    ])
}

/// Makes both claims on a model, then judges one member's share of each as a validator does: reads
/// the artifacts, checks every digest and both roots, re-runs. Prints processor seconds.
///
/// - Parameter arguments: a GGUF file, steps, records, and tokens of a record; a step has one.
func measureVerificationCost(_ arguments: [String]) throws {
    let numbers = arguments.dropFirst().compactMap { Int($0) }
    guard arguments.count == 4, numbers.count == 3, numbers.allSatisfy({ $0 > 1 }) else {
        throw VerificationCostError.usage
    }
    let (steps, count, tokens) = (numbers[0], numbers[1], numbers[2])
    ExactRuntime.setThreads(1)
    let source = try GGUFModel(GGUFFile([UInt8](Data(contentsOf: URL(filePath: arguments[0])))))
    let weights = try ModelWeights(configuration: source.configuration, source: source)
    let model = DecoderModel(weights)
    let vocabulary = model.configuration.vocabulary - 2
    let records: [TokenizedRecord?] = (0..<count).map { record in
        TokenizedRecord(
            tokens: (0..<tokens).map { UInt32(2 + (record * 7919 + $0 * 37) % vocabulary) },
            completionStart: 1
        )
    }
    let training = try TrainingRecipe(
        rank: 8,
        alpha: 16,
        learningRate: 1e-3,
        steps: steps,
        batchSize: 1,
        maxTokens: tokens,
        segmentSteps: unitSteps(steps),
        seed: .zero
    )
    guard let recipe = AdapterRecipe(training: training, projectionColumns: 0) else {
        throw VerificationCostError.usage
    }
    let measurement = VerificationMeasurement(model: model, recipe: recipe, records: records)
    try measurement.print(steps: steps)
}

private struct VerificationMeasurement {
    let model: DecoderModel
    let recipe: AdapterRecipe
    let records: [TokenizedRecord?]

    func print(steps: Int) throws {
        let (made, trained) = try seconds {
            try TrainingJob.run(model: model, recipe: recipe, records: records)
        }
        guard let made else { throw VerificationCostError.differs }
        let (index, indexed) = try seconds { try indexJob(made.adapter).index() }
        let trace = TrainingTrace(made.snapshots)
        let (ownUnits, replayed) = try judgedTraining(trace.borshBytes, trace.root, made.adapter)
        let (ownRows, reindexed) = try judgedIndex(index.artifact, index.root, made.adapter)
        let share = (replayed + reindexed) / (trained + indexed)
        printLine([
            ("steps", "\(steps)"), ("units", "\(made.snapshots.count)"),
            ("ownUnits", "\(ownUnits)"), ("records", "\(records.count)"),
            ("ownRows", "\(ownRows)"),
            ("traceMiB", rounded(Double(trace.borshBytes.count) / 1_048_576)),
            ("trainingSeconds", rounded(trained)), ("indexSeconds", rounded(indexed)),
            ("ownTrainingSeconds", rounded(replayed)), ("ownIndexSeconds", rounded(reindexed)),
            ("validatorShare", rounded(share)),
        ])
    }

    private func indexJob(_ adapter: LoRAAdapter) throws -> IndexJob {
        try IndexJob(model: model, adapter: adapter, recipe: recipe, records: records)
    }

    private func judgedTraining(
        _ artifact: [UInt8],
        _ root: Digest,
        _ adapter: LoRAAdapter
    ) throws -> (units: Int, seconds: Double) {
        try seconds {
            let trace = try TrainingTrace(borsh: artifact)
            let job = try TrainingJob(
                model: model,
                recipe: recipe,
                records: records,
                snapshots: trace.snapshots,
                committed: adapter
            )
            let outputs = trace.snapshots.map { TrainingJob.digest(ofState: $0) }
            return try judged(job, outputs, root, .training)
        }
    }

    private func judgedIndex(
        _ artifact: [UInt8],
        _ root: Digest,
        _ adapter: LoRAAdapter
    ) throws -> (units: Int, seconds: Double) {
        try seconds {
            let index = try InfluenceIndex(artifact: artifact)
            return try judged(try indexJob(adapter), index.rows.map(\.digest), root, .index)
        }
    }

    /// Returns how many units were re-run.
    private func judged(
        _ job: some VerifiableJob,
        _ outputs: [Digest],
        _ root: Digest,
        _ kind: JobKind
    ) throws -> Int {
        guard outputRoot(of: outputs) == root else { throw VerificationCostError.differs }
        let share = share(kind, of: outputs.count)
        for unit in share {
            guard try job.rerun(Int(unit)).output == outputs[Int(unit)] else {
                throw VerificationCostError.differs
            }
        }
        return share.count
    }
}

private enum VerificationCostError: Error, CustomStringConvertible {
    case usage
    case differs

    var description: String {
        switch self {
        case .usage: "usage: numerics verification GGUF STEPS RECORDS TOKENS"
        case .differs: "a re-run differs from what was claimed"
        }
    }
}

/// As the factory cuts a run unless told otherwise.
private func unitSteps(_ steps: Int) -> Int { max(1, (steps + 31) / 32) }

private func share(_ kind: JobKind, of units: Int) -> [UInt32] {
    let claims = ChainParameters.standard.claims
    let size = claims.sample(kind)
    let benches = Sampling.benchCount(
        seats: Int(claims.committeeSize),
        unitCount: UInt32(units),
        size: size
    )
    return Sampling.share(
        bench: 0,
        of: benches,
        seed: .zero,
        unitCount: UInt32(units),
        size: size
    )
}

/// What the work gave, and the processor seconds that it took.
private func seconds<Value>(_ work: () throws -> Value) rethrows -> (Value, Double) {
    let start = clock()
    let value = try work()
    return (value, Double(clock() - start) / Double(CLOCKS_PER_SEC))
}

private func rounded(_ value: Double) -> String { String(format: "%.4f", value) }

private func printLine(_ fields: [(String, String)]) {
    print("{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
}
