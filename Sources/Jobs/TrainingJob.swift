// Training: the run that made an adapter. A unit is a run of optimizer steps, from one committed
// snapshot to the next.

import Cryptography
import ExactMath
package import LanguageModel
package import Primitives

package struct TrainingJob: VerifiableJob {
    private static let stateTag = HashTag("openledger/training-state/v1")
    private static let traceTag = HashTag("openledger/training-trace/v1")

    private let trainer: Trainer
    private let recipe: AdapterRecipe
    /// State bytes after each unit, as the builder published them.
    private let snapshots: [[UInt8]]
    /// The adapter that the builder committed; the last snapshot must hold it.
    private let committed: LoRAAdapter?

    /// - Parameters:
    ///   - records: the snapshot's accepted records in order, as `RecordTokens` makes them.
    ///   - snapshots: one for each unit; fewer than the recipe has units when the run stopped
    ///     early, which the last of them must then show.
    ///   - committed: nil while the adapter is still being made.
    package init(
        model: DecoderModel,
        recipe: AdapterRecipe,
        records: [TokenizedRecord?],
        snapshots: [[UInt8]],
        committed: LoRAAdapter?
    ) throws(JobFailure) {
        let isComplete = snapshots.count == recipe.unitCount
        let mayBeShort = recipe.training.earlyStopping != nil && !snapshots.isEmpty
        guard isComplete || mayBeShort && snapshots.count < recipe.unitCount else {
            throw .malformedInput(
                field: "trace",
                reason: "has \(snapshots.count) states for \(recipe.unitCount) units"
            )
        }
        trainer = try Self.trainer(model, recipe, records)
        self.recipe = recipe
        self.snapshots = snapshots
        self.committed = committed
    }

    package var unitCount: Int { snapshots.count }

    package static func digest(ofState bytes: [UInt8]) -> Digest { taggedHash(stateTag, bytes) }

    /// Starts from the committed state before the unit, not from a replay of all units before: an
    /// altered step is the fault of its own unit only.
    package func rerun(_ unit: Int) throws(JobFailure) -> UnitResult {
        try checkUnit(unit)
        var state = try start(of: unit)
        var trace = ComputationTrace()
        do {
            while state.step < Self.lastStep(of: unit, recipe),
                !state.isFinished(recipe.training)
            {
                _ = try trainer.step(&state, trace: &trace)
            }
        } catch {
            throw .numerics("\(error)")
        }
        try checkEnd(of: unit, state)
        return UnitResult(
            output: Self.digest(ofState: state.bytes),
            trace: taggedHash(Self.traceTag, trace.bytes)
        )
    }

    /// A run ends where the recipe says, neither before nor after, with the committed adapter.
    private func checkEnd(of unit: Int, _ state: TrainingState) throws(JobFailure) {
        let isLast = unit == unitCount - 1
        guard state.isFinished(recipe.training) == isLast else {
            throw .malformedInput(
                field: "trace",
                reason: isLast
                    ? "ends after \(state.step) steps, where the run does not stop"
                    : "goes on after \(state.step) steps, where the run stops"
            )
        }
        if isLast, let committed, state.result != committed {
            throw .malformedInput(field: "adapter", reason: "is not what the last unit ends with")
        }
    }

    private func start(of unit: Int) throws(JobFailure) -> TrainingState {
        do {
            guard unit > 0 else { return try trainer.initialState() }
        } catch {
            throw .numerics("\(error)")
        }
        let expected = unit * recipe.training.segmentSteps
        do {
            let state = try TrainingState(
                bytes: snapshots[unit - 1],
                recipe: recipe.training,
                configuration: trainer.model.configuration
            )
            guard state.step == expected, !state.isFinished(recipe.training) else {
                throw TrainingState.Failure.stepOutOfRange(UInt64(state.step))
            }
            return state
        } catch {
            throw .malformedInput(field: "trace state \(unit - 1)", reason: "\(error)")
        }
    }

    private static func lastStep(of unit: Int, _ recipe: AdapterRecipe) -> Int {
        min((unit + 1) * recipe.training.segmentSteps, recipe.training.steps)
    }

    private static func trainer(
        _ model: DecoderModel,
        _ recipe: AdapterRecipe,
        _ records: [TokenizedRecord?]
    ) throws(JobFailure) -> Trainer {
        do {
            return try Trainer(
                model: model,
                recipe: recipe.training,
                records: records
            )
        } catch {
            throw .malformedInput(field: "records", reason: "\(error)")
        }
    }
}

extension TrainingJob {
    /// Trains from the start and collects the state after each unit: what a builder does.
    ///
    /// - Parameter report: called after each step; throwing is not possible, returning false stops.
    /// - Returns: the states, or nil when `report` stopped the run.
    package static func run(
        model: DecoderModel,
        recipe: AdapterRecipe,
        records: [TokenizedRecord?],
        report: (Trainer.StepReport) -> Bool = { _ in true }
    ) throws(JobFailure) -> (snapshots: [[UInt8]], adapter: LoRAAdapter)? {
        var run = try TrainingRun(model: model, recipe: recipe, records: records)
        while !run.isFinished {
            guard report(try run.step()) else { return nil }
        }
        return (run.snapshots, run.adapter)
    }
}
