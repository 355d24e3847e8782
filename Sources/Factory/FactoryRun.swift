// ModelFactory: from accepted records to an adapter with its proofs. Everything that the chain
// checks is a function of model, records and recipe; the progress and the report are for people.

package import Attribution
package import Commitments
import ExactMath
package import Jobs
package import LanguageModel
package import Primitives

/// What a run starts from.
package struct FactoryInput: Sendable {
    package let base: ModelBundle
    /// As PEFT's `base_model_name_or_path` names it.
    package let baseName: String
    /// The snapshot's accepted records, in its order.
    package let records: [DataRecord]
    package let recipe: AdapterRecipe
    /// Records of the same kind that are not trained on; may be empty.
    package let heldOut: [DataRecord]
    /// How many records of highest loss to name; 0 leaves that pass out.
    package let suspects: Int
    /// Without an index an adapter can be reproduced, but no answer of it can be attributed.
    package let makesIndex: Bool

    package init(
        base: ModelBundle,
        baseName: String,
        records: [DataRecord],
        recipe: AdapterRecipe,
        heldOut: [DataRecord] = [],
        suspects: Int = 10,
        makesIndex: Bool = true
    ) {
        self.base = base
        self.baseName = baseName
        self.records = records
        self.recipe = recipe
        self.heldOut = heldOut
        self.suspects = suspects
        self.makesIndex = makesIndex
    }
}

/// What a run yields.
package struct FactoryResult: Sendable {
    package let adapter: LoRAAdapter
    package let files: AdapterFiles
    package let canonicalRoot: Digest
    package let trace: TrainingTrace
    package let index: InfluenceIndex
    package let report: EvaluationReport
    /// One entry a training step.
    package let log: [FactoryProgress]
}

extension FactoryInput {
    /// Trains, indexes and evaluates.
    ///
    /// - Parameter onProgress: called often; returning false stops the run.
    package func run(
        onProgress: (FactoryProgress) -> Bool = { _ in true }
    ) throws(FactoryError) -> FactoryResult {
        let evaluator = Evaluator(base, recipe: recipe.training)
        let tokenized = evaluator.tokenized(records)
        guard tokenized.contains(where: { $0 != nil }) else {
            throw .noUsableRecords(records: records.count)
        }
        let before = try evaluator.loss(heldOut, adapter: nil)
        let (trace, adapter, log) = try train(tokenized, onProgress)
        let index = try makeIndex(makesIndex ? tokenized : [], adapter, onProgress)
        let prepared: PreparedAdapter
        do {
            prepared = try PreparedAdapter(adapter, for: base.configuration)
        } catch {
            throw .model(error)
        }
        var clock = PhaseClock(.evaluating, total: records.count)
        let suspects = try evaluator.suspects(
            records,
            count: suspects,
            adapter: prepared
        ) { onProgress(clock.progress(done: $0)) }
        let folder = PEFTAdapter(
            adapter,
            usesRankStabilisation: recipe.training.rankStabilised,
            dropout: Double("\(recipe.training.dropout)") ?? 0,
            baseModel: baseName,
            layers: base.configuration.layers
        )
        return FactoryResult(
            adapter: adapter,
            files: AdapterFiles(
                configuration: folder.configuration.json,
                weights: folder.weights
            ),
            canonicalRoot: CanonicalRoot.adapter(adapter, base: base.weightsRoot),
            trace: trace,
            index: index,
            report: EvaluationReport(
                heldOutRecords: heldOut.count,
                heldOutBefore: before,
                heldOutAfter: try evaluator.loss(heldOut, adapter: prepared),
                suspects: suspects
            ),
            log: log
        )
    }

    private func train(
        _ records: [TokenizedRecord?],
        _ onProgress: (FactoryProgress) -> Bool
    ) throws(FactoryError) -> (TrainingTrace, LoRAAdapter, [FactoryProgress]) {
        var clock = PhaseClock(.training, total: recipe.training.steps)
        var log: [FactoryProgress] = []
        let run: (snapshots: [[UInt8]], adapter: LoRAAdapter)?
        do {
            run = try TrainingJob.run(
                model: base.model,
                recipe: recipe,
                records: records
            ) { step in
                let progress = clock.progress(
                    done: step.step,
                    loss: step.loss,
                    learningRate: step.learningRate,
                    newTokens: step.tokens
                )
                log.append(progress)
                return onProgress(progress)
            }
        } catch {
            throw .job(error)
        }
        guard let run else { throw .stopped }
        return (TrainingTrace(run.snapshots), run.adapter, log)
    }

    private func makeIndex(
        _ records: [TokenizedRecord?],
        _ adapter: LoRAAdapter,
        _ onProgress: (FactoryProgress) -> Bool
    ) throws(FactoryError) -> InfluenceIndex {
        var clock = PhaseClock(.indexing, total: records.count)
        do throws(JobFailure) {
            let job = try IndexJob(
                model: base.model,
                adapter: adapter,
                recipe: recipe,
                records: records
            )
            return try job.index { _ = onProgress(clock.progress(done: $0)) }
        } catch {
            throw .job(error)
        }
    }
}
