import ExactMath
import JSON
import LanguageModel
import Primitives
import Testing

/// PyTorch and PEFT trained the same tiny model by the same recipes; the fixture's script makes
/// order, packing, split, first adapter and dropout masks from docs/numerics.md by itself.
@Suite("Training beside PyTorch and PEFT") struct TrainingPeerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let seed: UInt8
        let recipe: JSON
        let steps: [JSON]
        var testDescription: String { name }
    }

    static let cases: [Case] = {
        guard let items = try? Fixture.json("training/cases.json")["cases"]?.array else {
            return []
        }
        return items.compactMap { item in
            guard let name = item["name"]?.string, let seed = item["seed"]?.integer(UInt8.self),
                let recipe = item["recipe"], let steps = item["steps"]?.array
            else { return nil }
            return Case(name: name, seed: seed, recipe: recipe, steps: steps)
        }
    }()

    private func model() throws -> DecoderModel {
        let configuration = try ModelConfiguration(
            huggingFace: Fixture.bytes("training/config.json")
        )
        let source = try SafetensorsModel(
            SafetensorsFile(Fixture.bytes("training/model.safetensors")),
            configuration: configuration
        )
        return DecoderModel(try ModelWeights(configuration: configuration, source: source))
    }

    private func records() throws -> [TokenizedRecord?] {
        let items = try #require(try Fixture.json("training/cases.json")["records"]?.array)
        return items.map { item in
            let tokens = item["tokens"]?.array?.compactMap { $0.integer(UInt32.self) } ?? []
            let start = item["start"]?.integer(Int.self) ?? 0
            return TokenizedRecord(tokens: tokens, completionStart: start)
        }
    }

    private func recipe(_ own: Case, _ model: DecoderModel) throws -> TrainingRecipe {
        let json = own.recipe
        func real(_ key: String) throws -> Float { Float(try #require(json[key]?.double)) }
        func whole(_ key: String) throws -> Int { try #require(json[key]?.integer(Int.self)) }
        func one<Choice>(_ key: String, _ choices: [String: Choice]) throws -> Choice {
            try #require(json[key]?.string.flatMap { choices[$0] })
        }
        let targets = json["targets"]
        let names = targets?.array?.compactMap(\.string).joined(separator: ",")
        let text = try #require(names ?? targets?.string)
        let stop = json["stop"]
        return try TrainingRecipe(
            rank: whole("rank"),
            alpha: real("alpha"),
            rankStabilised: json["rslora"]?.bool == true,
            dropout: real("dropout"),
            targets: TargetSelection(text, for: model.configuration),
            learningRate: real("rate"),
            weightDecay: real("decay"),
            warmupSteps: whole("warmup"),
            schedule: one(
                "schedule",
                ["constant": .constant, "linear": .linear, "cosine": LearningRateSchedule.cosine]
            ),
            steps: whole("steps"),
            batchSize: whole("batch"),
            accumulation: whole("accumulation"),
            places: one("places", ["records": .records, "packed": BatchPlaces.packed]),
            maxTokens: whole("max_tokens"),
            lossTokens: one("loss", ["completion": .completion, "all": LossTokens.all]),
            gradientClip: real("clip"),
            heldOutPerMille: whole("held_out"),
            earlyStopping: stop?.object == nil
                ? nil
                : EarlyStopping(
                    interval: try #require(stop?["interval"]?.integer(Int.self)),
                    patience: try #require(stop?["patience"]?.integer(Int.self)),
                    minimumGain: Float(try #require(stop?["gain"]?.double))
                ),
            segmentSteps: 1,
            seed: #require(Digest(repeatElement(own.seed, count: 32)))
        )
    }

    @Test("loss, norm and held-out loss of every step are PyTorch's", arguments: cases)
    func sameRun(_ own: Case) throws {
        let model = try model()
        let recipe = try recipe(own, model)
        #expect(try TrainingRecipe(borsh: recipe.borshBytes) == recipe)
        let trainer = try Trainer(model: model, recipe: recipe, records: records())
        var state = try trainer.initialState()
        var trace = ComputationTrace()
        for expected in own.steps {
            let report = try trainer.step(&state, trace: &trace)
            // A large step carries a difference of rounding on to the next ones.
            let tolerance = recipe.learningRate < 0.1 ? 2e-4 : 2e-3
            try expectNear(report.loss, expected["loss"], tolerance)
            try expectNear(report.gradientNorm, expected["norm"], tolerance)
            if let heldOut = report.heldOutLoss {
                try expectNear(heldOut, expected["held_out"], tolerance)
            } else {
                #expect(expected["held_out"] == .null)
            }
        }
        #expect(state.isFinished(recipe))
    }

    private func expectNear(_ value: Double, _ expected: JSON?, _ tolerance: Double) throws {
        let expected = try #require(expected?.double)
        #expect(abs(value / expected - 1) < tolerance, "\(value) instead of \(expected)")
    }

    @Test("all seven runs are there")
    func complete() { #expect(Self.cases.count == 7) }
}
