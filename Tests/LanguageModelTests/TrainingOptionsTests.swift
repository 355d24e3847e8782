import ExactMath
import LanguageModel
import ModelTestSupport
import Primitives
import Testing

@Suite("Training options") struct TrainingOptionsTests {
    private func recipe(
        dropout: Float = 0,
        steps: Int = 6,
        batchSize: Int = 4,
        accumulation: Int = 1,
        places: BatchPlaces = .records,
        maxTokens: Int = 24,
        lossTokens: LossTokens = .completion,
        heldOut: Int = 0,
        stopping: EarlyStopping? = nil
    ) throws -> TrainingRecipe {
        try TrainingRecipe(
            rank: 4,
            alpha: 8,
            dropout: dropout,
            targets: [.query, .value, .up, .down],
            learningRate: 0.02,
            steps: steps,
            batchSize: batchSize,
            accumulation: accumulation,
            places: places,
            maxTokens: maxTokens,
            lossTokens: lossTokens,
            heldOutPerMille: heldOut,
            earlyStopping: stopping,
            segmentSteps: 1,
            seed: .zero
        )
    }

    private func trainer(
        _ recipe: TrainingRecipe,
        activations: ActivationMemory = .kept
    ) throws -> Trainer {
        let source = try RandomLlama()
        return try Trainer(
            model: source.model(),
            recipe: recipe,
            records: source.records(20),
            activations: activations
        )
    }

    private func run(_ trainer: Trainer) throws -> (state: TrainingState, trace: ComputationTrace) {
        var state = try trainer.initialState()
        var trace = ComputationTrace()
        while !state.isFinished(trainer.recipe) { _ = try trainer.step(&state, trace: &trace) }
        return (state, trace)
    }

    @Test(
        "activations kept or computed again: the same bits and the same trace",
        arguments: [0, 0.2]
    )
    func checkpoints(dropout: Float) throws {
        let recipe = try recipe(dropout: dropout, accumulation: 2)
        let kept = try run(trainer(recipe))
        let recomputed = try run(trainer(recipe, activations: .recomputed))
        #expect(kept.state == recomputed.state)
        #expect(kept.trace == recomputed.trace)
    }

    @Test("accumulated batches give the gradient of one batch, but for rounding")
    func accumulation() throws {
        let apart = try trainer(recipe(batchSize: 2, accumulation: 4))
        let together = try trainer(recipe(batchSize: 8))
        #expect(apart.batch(step: 3) == together.batch(step: 3))
        var (first, second) = (try apart.initialState(), try together.initialState())
        var trace = ComputationTrace()
        let one = try apart.step(&first, trace: &trace)
        let other = try together.step(&second, trace: &trace)
        #expect(abs(one.loss / other.loss - 1) < 1e-9)
        #expect(abs(one.gradientNorm / other.gradientNorm - 1) < 1e-4)
        #expect(one.tokens == other.tokens)
    }

    @Test("packed places hold whole records within the limit, and every epoch every record once")
    func packing() throws {
        let trainer = try trainer(recipe(batchSize: 1, places: .packed, maxTokens: 48))
        var seen: [TokenizedRecord] = []
        var step = 0
        while seen.count < trainer.records.count {
            let place = trainer.batch(step: step)
            #expect(place.reduce(0) { $0 + $1.tokens.count } <= 48)
            seen += place
            step += 1
        }
        #expect(step < 12, "places are filled")
        for record in trainer.records {
            #expect(seen.count { $0 == record } == trainer.records.count { $0 == record })
        }
    }

    @Test("records of one batch do not see each other")
    func apart() throws {
        let trainer = try trainer(recipe())
        let model = trainer.model
        let adapter = try PreparedAdapter(
            RandomLlama().adapter([.query, .down]),
            for: model.configuration
        )
        var trace = ComputationTrace()
        let pair = Array(trainer.records.prefix(2))
        let together = try model.batchGradient(pair, adapter: adapter, trace: &trace)
        let sums = try pair.map { try model.tokenLosses($0, adapter: adapter).reduce(0, +) }
        #expect(together.loss == (sums[0] + sums[1]) / Double(together.targetCount))
    }

    @Test("dropout leaves out its share, scales the rest, and differs by step, batch and matrix")
    func dropout() throws {
        let ones = Matrix(rows: 40, columns: 50, values: .init(repeating: 1, count: 2000))
        var masks: Set<[Float]> = []
        for stream in 0..<4 {
            let mask = DropoutMask(
                seed: .zero,
                domain: 5,
                stream: UInt64(stream),
                probability: 0.25
            )
            let values = try mask.applied(to: ones).values
            #expect(try mask.applied(to: ones).values == values)
            #expect(values.allSatisfy { $0 == 0 || $0 == Float(4.0 / 3) })
            #expect((400...600).contains(values.count { $0 == 0 }))
            masks.insert(values)
        }
        #expect(masks.count == 4)
        let dropped = try run(trainer(recipe(dropout: 0.25)))
        #expect(try run(trainer(recipe(dropout: 0.25))).state == dropped.state)
        #expect(try run(trainer(recipe())).state != dropped.state)
    }

    @Test("the split is by the seed, and what is held out is not trained on")
    func split() throws {
        let recipe = try recipe(heldOut: 250)
        let records: [TokenizedRecord?] = try [nil] + RandomLlama().records(19)
        let examples = recipe.examples(of: records, contextLength: 64)
        #expect(examples.heldOut.count == 20 && examples.training.count == 20)
        for place in 0..<20 {
            let both = [examples.training[place], examples.heldOut[place]].compactMap { $0 }
            #expect(both.count == (place == 0 ? 0 : 1))
        }
        #expect((4...5).contains(examples.heldOut.count { $0 != nil }))
        let all = try self.recipe(lossTokens: .all).examples(of: records, contextLength: 10)
        #expect(
            all.training.compactMap { $0 }.allSatisfy {
                $0.completionStart == 1 && $0.tokens.count == 10
            }
        )
    }

    @Test("a run stops when the held-out loss no longer falls, and yields its best adapter")
    func stopping() throws {
        let rule = EarlyStopping(interval: 2, patience: 2, minimumGain: 1)
        let trainer = try trainer(recipe(steps: 40, heldOut: 200, stopping: rule))
        var state = try trainer.initialState()
        var trace = ComputationTrace()
        var states: [TrainingState] = []
        while !state.isFinished(trainer.recipe) {
            _ = try trainer.step(&state, trace: &trace)
            states.append(state)
            let read = try TrainingState(
                bytes: state.bytes,
                recipe: trainer.recipe,
                configuration: trainer.model.configuration
            )
            #expect(read == state)
        }
        let record = try #require(state.stopping)
        #expect(record.isStopped && record.misses == 2)
        #expect(state.step == record.bestStep + 4 && state.step < 40)
        #expect(state.result == states[record.bestStep - 1].adapter)
        #expect(state.result != state.adapter)
        let loss = try trainer.model.meanLoss(
            trainer.heldOut,
            adapter: PreparedAdapter(state.result, for: trainer.model.configuration)
        )
        #expect(loss == record.bestLoss)
        #expect(throws: Trainer.Failure.finished(steps: state.step)) {
            try trainer.step(&state, trace: &trace)
        }
    }

    @Test("a run that stops early needs records to hold out, and a model the layers of its recipe")
    func impossible() throws {
        let source = try RandomLlama()
        let rule = EarlyStopping(interval: 1, patience: 1)
        #expect(throws: Trainer.Failure.noHeldOutRecords) {
            try Trainer(
                model: source.model(),
                recipe: self.recipe(heldOut: 10, stopping: rule),
                records: source.records(20)
            )
        }
        let recipe = try RecipeTests.recipe {
            $0.targets = .init([LoRASite(layer: 2, linear: .up)], layers: 9)
        }
        #expect(
            throws: ModelError.adapterMismatch(.layerOutOfRange("model.layers.2", layers: 2))
        ) { try TrainingState(recipe: recipe, configuration: source.configuration) }
    }
}
