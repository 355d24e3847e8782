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
    /// What is kept of a layer while training; no result depends on it.
    package let activations: ActivationMemory
    /// Without an index an adapter can be reproduced, but no answer of it can be attributed.
    package let makesIndex: Bool

    package init(
        base: ModelBundle,
        baseName: String,
        records: [DataRecord],
        recipe: AdapterRecipe,
        heldOut: [DataRecord] = [],
        suspects: Int = 10,
        makesIndex: Bool = true,
        activations: ActivationMemory = .kept
    ) {
        self.base = base
        self.baseName = baseName
        self.records = records
        self.recipe = recipe
        self.heldOut = heldOut
        self.suspects = suspects
        self.makesIndex = makesIndex
        self.activations = activations
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
    /// What the records are, with suspected mislabels where the pass over them was made.
    package let data: DataReport
    /// The same recipe over the base in four bits, where it was asked for.
    package var comparison: QLoRAComparison?
    /// One entry a training step.
    package let log: [FactoryProgress]
    package let cost: TrainingCost
}

extension FactoryInput {
    /// Trains, indexes and evaluates.
    ///
    /// - Parameters:
    ///   - kept: where to keep what the run needs to go on if it is stopped; what is there already
    ///     is not computed again.
    ///   - interval: steps between two states that are kept, beside those after each unit.
    ///   - onProgress: called often; returning false stops the run.
    package func run(
        keepingIn kept: RunFolder? = nil,
        every interval: Int = 20,
        onProgress: (FactoryProgress) -> Bool = { _ in true }
    ) throws(FactoryError) -> FactoryResult {
        let evaluator = Evaluator(base, recipe: recipe.training)
        let tokenized = evaluator.tokenized(records)
        guard tokenized.contains(where: { $0 != nil }) else {
            throw .noUsableRecords(records: records.count)
        }
        let before = try evaluator.loss(heldOut, adapter: nil)
        let trained = try train(base.model, tokenized, kept, interval, onProgress)
        let adapter = trained.adapter
        let index = try makeIndex(makesIndex ? tokenized : [], adapter, onProgress)
        let prepared: PreparedAdapter
        do {
            prepared = try PreparedAdapter(adapter, for: base.model)
        } catch {
            throw .model(error)
        }
        let (losses, data) = try dataReport(tokenized, prepared, index, evaluator, onProgress)
        let folder = PEFTAdapter(
            adapter,
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
            trace: trained.trace,
            index: index,
            report: EvaluationReport(
                heldOutRecords: heldOut.count,
                heldOutBefore: before,
                heldOutAfter: try evaluator.loss(heldOut, adapter: prepared),
                suspects: EvaluationReport.Suspect.highest(suspects, of: losses, records)
            ),
            data: data,
            log: trained.log,
            cost: trained.cost
        )
    }

    /// What the records are, and each one's loss; none where no suspects are wanted.
    private func dataReport(
        _ tokenized: [TokenizedRecord?],
        _ adapter: PreparedAdapter,
        _ index: InfluenceIndex,
        _ evaluator: Evaluator,
        _ onProgress: (FactoryProgress) -> Bool
    ) throws(FactoryError) -> (losses: [Double?], report: DataReport) {
        let report = DataReport(
            records,
            tokens: evaluator.tokens,
            tokenLimit: recipe.training.maxTokens
        )
        guard suspects > 0 else { return ([], report) }
        var clock = PhaseClock(.evaluating, total: records.count)
        let losses = try evaluator.losses(tokenized, adapter: adapter) {
            onProgress(clock.progress(done: $0))
        }
        var norms: [Double]?
        if makesIndex {
            do throws(ExactMathError) {
                norms = try index.exactRows.norms()
            } catch {
                throw .model(.arithmetic(error))
            }
        }
        return (losses, report.trained(losses: losses, selfInfluence: norms, limit: suspects))
    }

    /// What training alone yields.
    struct Trained {
        let trace: TrainingTrace
        let adapter: LoRAAdapter
        let log: [FactoryProgress]
        let cost: TrainingCost
    }

    func train(
        _ model: DecoderModel,
        _ records: [TokenizedRecord?],
        _ kept: RunFolder?,
        _ interval: Int,
        _ onProgress: (FactoryProgress) -> Bool
    ) throws(FactoryError) -> Trained {
        PeakMemory.reset()
        let before = PeakMemory.resident()
        let start = try kept?.progress(recipe.training)
        var run = try begun(model, records, start)
        var log = earlierLog(kept, upTo: run.state.step)
        var clock = PhaseClock(.training, total: recipe.training.steps, after: log.last)
        while !run.isFinished {
            let units = run.snapshots.count
            let step: Trainer.StepReport
            do throws(JobFailure) { step = try run.step() } catch { throw .job(error) }
            let progress = clock.progress(
                done: step.step,
                loss: step.loss,
                learningRate: step.learningRate,
                newTokens: step.tokens
            )
            log.append(progress)
            try kept?.log(progress.line)
            if run.snapshots.count > units {
                try kept?.keep(unit: units, state: run.snapshots[units])
            } else if step.step % max(1, interval) == 0 {
                try kept?.keep(step: step.step, state: run.state.bytes)
            }
            guard onProgress(progress) else { throw .stopped }
        }
        let peak = PeakMemory.bytes()
        return Trained(
            trace: TrainingTrace(run.snapshots),
            adapter: run.adapter,
            log: log,
            cost: TrainingCost(
                seconds: log.last?.elapsed ?? 0,
                tokens: log.last?.tokens ?? 0,
                peakMemoryBytes: peak,
                addedMemoryBytes: before.flatMap { before in peak.map { max(0, $0 - before) } }
            )
        )
    }

    private func begun(
        _ model: DecoderModel,
        _ records: [TokenizedRecord?],
        _ start: RunFolder.Progress?
    ) throws(FactoryError) -> TrainingRun {
        do throws(JobFailure) {
            return try TrainingRun(
                model: model,
                recipe: recipe,
                records: records,
                activations: activations,
                snapshots: start?.snapshots ?? [],
                state: start?.state
            )
        } catch {
            throw .job(error)
        }
    }

    /// The entries of an earlier process for the steps that are not made again.
    private func earlierLog(_ kept: RunFolder?, upTo step: Int) -> [FactoryProgress] {
        var entries: [Int: FactoryProgress] = [:]
        for line in kept?.logLines() ?? [] {
            guard let entry = FactoryProgress(line: line, total: recipe.training.steps) else {
                continue
            }
            entries[entry.done] = entry
        }
        guard step > 0 else { return [] }
        return (1...step).compactMap { entries[$0] }
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
