// A training run on its way: what a builder does, step by step, from the start or from where an
// earlier process was stopped.

import ExactMath
package import LanguageModel

package struct TrainingRun: Sendable {
    private let trainer: Trainer
    private let recipe: AdapterRecipe
    /// The states after the units that are finished.
    package private(set) var snapshots: [[UInt8]]
    package private(set) var state: TrainingState

    /// - Parameters:
    ///   - records: the snapshot's accepted records in order, as `RecordTokens` makes them.
    ///   - activations: no result depends on it.
    ///   - snapshots: of units that are finished already.
    ///   - state: what to go on from; the last snapshot, or the beginning, unless told.
    package init(
        model: DecoderModel,
        recipe: AdapterRecipe,
        records: [TokenizedRecord?],
        activations: ActivationMemory = .kept,
        snapshots: [[UInt8]] = [],
        state: [UInt8]? = nil
    ) throws(JobFailure) {
        do {
            trainer = try Trainer(
                model: model,
                recipe: recipe.training,
                records: records,
                activations: activations
            )
        } catch {
            throw .malformedInput(field: "records", reason: "\(error)")
        }
        self.recipe = recipe
        self.snapshots = snapshots
        do {
            if let bytes = state ?? snapshots.last {
                self.state = try TrainingState(
                    bytes: bytes,
                    recipe: recipe.training,
                    configuration: model.configuration
                )
            } else {
                self.state = try trainer.initialState()
            }
        } catch {
            throw .malformedInput(field: "state", reason: "\(error)")
        }
        let done = snapshots.count * recipe.training.segmentSteps
        let fits = (done..<done + recipe.training.segmentSteps).contains(self.state.step)
        guard fits || isFinished else {
            throw .malformedInput(
                field: "state",
                reason: "is after \(self.state.step) steps, beside \(snapshots.count) units"
            )
        }
    }

    package var isFinished: Bool { state.isFinished(recipe.training) }

    /// What the run yields if it ends here.
    package var adapter: LoRAAdapter { state.result }

    /// Makes one step, and adds a snapshot when a unit ends with it.
    package mutating func step() throws(JobFailure) -> Trainer.StepReport {
        // Verdicts have a trace, builders publish states only.
        var trace = ComputationTrace()
        do {
            let report = try trainer.step(&state, trace: &trace)
            if state.step % recipe.training.segmentSteps == 0 || isFinished {
                snapshots.append(state.bytes)
            }
            return report
        } catch {
            throw .numerics("\(error)")
        }
    }
}
