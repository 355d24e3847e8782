// Optimizer steps of a LoRA run. A step is a function of recipe, model, records and the state
// before it, so any run of steps can be repeated from any snapshot.

package import ExactMath

package struct Trainer: Sendable {
    package enum Failure: Error, Equatable {
        /// No record has a target within the recipe's token limit.
        case noUsableRecords
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
    }

    package let model: DecoderModel
    package let recipe: TrainingRecipe
    /// The records as cut by the recipe, in snapshot order.
    package let records: [TokenizedRecord]

    package init(
        model: DecoderModel,
        recipe: TrainingRecipe,
        records: [TokenizedRecord]
    ) throws(Failure) {
        let limit = min(recipe.maxTokens, model.configuration.contextLength)
        let usable = records.compactMap { $0.truncated(to: limit) }
        guard !usable.isEmpty else { throw .noUsableRecords }
        self.model = model
        self.recipe = recipe
        self.records = usable
    }

    package func initialState() throws(Failure) -> TrainingState {
        do throws(ModelError) {
            return try TrainingState(recipe: recipe, configuration: model.configuration)
        } catch {
            throw .model(error)
        }
    }

    /// The records of one step: the next `batchSize` of an endless sequence of epochs, each a
    /// permutation from the seed.
    package func batch(step: Int) -> [TokenizedRecord] {
        var chosen: [TokenizedRecord] = []
        var epoch = -1
        var order: [Int] = []
        for position in step * recipe.batchSize..<(step + 1) * recipe.batchSize {
            if position / records.count != epoch {
                epoch = position / records.count
                var generator = KeyedGenerator(
                    seed: recipe.seed,
                    domain: SeedDomain.dataOrder,
                    stream: UInt64(epoch)
                )
                order = generator.permutation(records.count)
            }
            chosen.append(records[order[position % records.count]])
        }
        return chosen
    }

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
        guard state.step < recipe.steps else { throw .finished(steps: recipe.steps) }
        let batch = batch(step: state.step)
        do throws(ModelError) {
            let adapter = try PreparedAdapter(state.adapter, for: model.configuration)
            let gradient = try model.batchGradient(batch, adapter: adapter, trace: &trace)
            let norm = gradient.norm
            let rate = learningRate(step: state.step)
            var next = state
            do throws(ExactMathError) {
                try apply(gradient, norm: norm, rate: rate, to: &next)
            } catch {
                throw ModelError.arithmetic(error)
            }
            state = next
            return StepReport(
                step: state.step,
                loss: gradient.loss,
                gradientNorm: norm,
                learningRate: rate,
                tokens: batch.reduce(0) { $0 + $1.tokens.count }
            )
        } catch {
            throw .model(error)
        }
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
