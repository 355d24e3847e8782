// Optimizer steps of a LoRA run. A step is a function of recipe, model, records and the state
// before it, so any run of steps can be repeated from any snapshot.

package import ExactMath

package struct Trainer: Sendable {
    package enum Failure: Error, Equatable {
        /// No record has a target within the recipe's token limit.
        case noUsableRecords
        /// The recipe stops early, but no record is held out to decide it by.
        case noHeldOutRecords
        /// The run has ended, after this many steps.
        case finished(steps: Int)
        case model(ModelError)
    }

    /// What one step reports.
    package struct StepReport: Sendable, Equatable {
        /// Steps made, this one included.
        package let step: Int
        /// The batch's mean loss before the update, in nats.
        package let loss: Double
        package let gradientNorm: Double
        package let learningRate: Double
        /// Tokens that went through the model.
        package let tokens: Int
        /// The held-out records' mean loss after the step, where early stopping looked at it.
        package let heldOutLoss: Double?
    }

    package let model: DecoderModel
    package let recipe: TrainingRecipe
    /// The records as cut by the recipe, in snapshot order, without those held out.
    package let records: [TokenizedRecord]
    /// Those held out.
    package let heldOut: [TokenizedRecord]
    package let activations: ActivationMemory
    private let order: BatchOrder

    /// - Parameters:
    ///   - records: the snapshot's accepted records in order; nil for those without a target.
    ///   - activations: no result depends on it.
    package init(
        model: DecoderModel,
        recipe: TrainingRecipe,
        records: [TokenizedRecord?],
        activations: ActivationMemory = .kept
    ) throws(Failure) {
        let examples = recipe.examples(
            of: records,
            contextLength: model.configuration.contextLength
        )
        let usable = examples.training.compactMap { $0 }
        guard !usable.isEmpty else { throw .noUsableRecords }
        heldOut = examples.heldOut.compactMap { $0 }
        guard recipe.earlyStopping == nil || !heldOut.isEmpty else { throw .noHeldOutRecords }
        self.model = model
        self.recipe = recipe
        self.records = usable
        self.activations = activations
        order = BatchOrder(recipe, lengths: usable.map(\.tokens.count))
    }

    package func initialState() throws(Failure) -> TrainingState {
        do throws(ModelError) {
            return try TrainingState(recipe: recipe, configuration: model.configuration)
        } catch {
            throw .model(error)
        }
    }

    /// The batches of one step, counted from 0: of an endless sequence of epochs, each a
    /// permutation from the seed.
    package func batches(step: Int) -> [[TokenizedRecord]] {
        order.batches(step: step).map { batch in batch.map { records[$0] } }
    }

    /// The records of one step.
    package func batch(step: Int) -> [TokenizedRecord] { batches(step: step).flatMap { $0 } }

    /// The learning rate of a step, counted from 0.
    package func learningRate(step: Int) -> Double {
        let peak = Double(recipe.learningRate)
        if step < recipe.warmupSteps {
            return peak * (Double(step + 1) / Double(recipe.warmupSteps))
        }
        let span = max(1, recipe.steps - recipe.warmupSteps)
        let progress = Double(step - recipe.warmupSteps) / Double(span)
        switch recipe.schedule {
        case .constant: return peak
        case .linear: return peak * (1 - progress)
        case .cosine:
            let cosine = Double(Elementary.cos(Float(Double.pi * progress)))
            return peak * (0.5 * (1 + cosine))
        }
    }

    /// Makes one step. A throw leaves the state as it was.
    package func step(
        _ state: inout TrainingState,
        trace: inout ComputationTrace
    ) throws(Failure) -> StepReport {
        guard !state.isFinished(recipe) else { throw .finished(steps: state.step) }
        let batches = batches(step: state.step)
        do throws(ModelError) {
            let gradient = try gradient(batches, state, &trace)
            let norm = gradient.norm
            let rate = learningRate(step: state.step)
            var next = state
            do throws(ExactMathError) {
                try apply(gradient, norm: norm, rate: rate, to: &next)
            } catch {
                throw ModelError.arithmetic(error)
            }
            let heldOutLoss = try look(&next, &trace)
            state = next
            return StepReport(
                step: state.step,
                loss: gradient.loss,
                gradientNorm: norm,
                learningRate: rate,
                tokens: batches.joined().reduce(0) { $0 + $1.tokens.count },
                heldOutLoss: heldOutLoss
            )
        } catch {
            throw .model(error)
        }
    }

    /// The gradient of the mean loss over the targets of all batches.
    private func gradient(
        _ batches: [[TokenizedRecord]],
        _ state: TrainingState,
        _ trace: inout ComputationTrace
    ) throws(ModelError) -> LoRAGradient {
        var adapter = try PreparedAdapter(state.adapter, for: model.configuration)
        let targets = batches.joined().reduce(0) { $0 + $1.targets.count }
        var sum: LoRAGradient?
        for (index, batch) in batches.enumerated() {
            adapter.dropout = DropoutMasks(recipe, step: state.step, batch: index)
            let own = try model.batchGradient(
                batch,
                adapter: adapter,
                targets: targets,
                activations: activations,
                trace: &trace
            )
            do throws(ExactMathError) {
                sum = try sum?.adding(own) ?? own
            } catch {
                throw .arithmetic(error)
            }
        }
        guard let sum else { throw .emptyInput }
        return sum
    }

    /// Looks at the held-out records where the recipe says so, and notes what early stopping
    /// decides by.
    private func look(
        _ state: inout TrainingState,
        _ trace: inout ComputationTrace
    ) throws(ModelError) -> Double? {
        guard let rule = recipe.earlyStopping,
            state.step % rule.interval == 0 || state.step == recipe.steps
        else { return nil }
        let adapter = try PreparedAdapter(state.adapter, for: model.configuration)
        let loss = try model.meanLoss(heldOut, adapter: adapter)
        trace.absorb(loss.bitPattern)
        state.note(heldOutLoss: loss, rule)
        return loss
    }

    private func apply(
        _ gradient: LoRAGradient,
        norm: Double,
        rate: Double,
        to state: inout TrainingState
    ) throws(ExactMathError) {
        let optimizer = AdamW(
            learningRate: rate,
            weightDecay: Double(recipe.weightDecay)
        )
        let number = UInt64(state.step + 1)
        let clip = Double(recipe.gradientClip)
        let factor: Float = clip > 0 && norm > clip ? Float(clip / (norm + 1e-6)) : 1
        for (index, module) in gradient.modules.enumerated() {
            var (dA, dB) = (module.a, module.b)
            if factor != 1 {
                try Layers.multiply(&dA, by: factor)
                try Layers.multiply(&dB, by: factor)
            }
            try optimizer.update(
                &state.adapter.modules[index].a.values,
                first: &state.first[2 * index],
                second: &state.second[2 * index],
                gradient: dA.values,
                step: number
            )
            try optimizer.update(
                &state.adapter.modules[index].b.values,
                first: &state.first[2 * index + 1],
                second: &state.second[2 * index + 1],
                gradient: dB.values,
                step: number
            )
        }
        state.step += 1
    }
}
