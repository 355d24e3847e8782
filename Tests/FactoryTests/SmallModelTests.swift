import ExactMath
import Factory
import Foundation
import LanguageModel
import Primitives
import Testing

/// The model that ships with the project, against figures of PyTorch on the same files.
@Suite("The small model") struct SmallModelTests {
    static let folder = ExampleDataTests.folder.deletingLastPathComponent()
        .appending(path: "models/small")

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    static func tokenizer() throws -> Tokenizer { try Tokenizer(json: try bytes("tokenizer.json")) }

    static func model() throws -> LlamaModel {
        let configuration = try ModelConfiguration(huggingFace: try bytes("config.json"))
        let file = try SafetensorsFile(try bytes("model.safetensors"))
        let source = try SafetensorsModel(file, configuration: configuration)
        return LlamaModel(try ModelWeights(configuration: configuration, source: source))
    }

    static func records(_ name: String, _ model: LlamaModel) throws -> [TokenizedRecord] {
        let tokenizer = try tokenizer()
        return try ExampleDataTests.dataset(name).records.compactMap { record in
            let example = tokenizer.exampleTokens(
                prompt: record.prompt,
                completion: record.completion,
                model: model.configuration
            )
            return TokenizedRecord(
                tokens: example.tokens,
                completionStart: example.completionStart
            )
        }
    }

    @Test("it has at most two million parameters, six megabytes and 2,048 tokens")
    func size() throws {
        let weights = try Self.bytes("model.safetensors")
        let file = try SafetensorsFile(weights)
        let parameters = file.entries.reduce(0) { $0 + $1.shape.reduce(1, *) }
        #expect(weights.count <= 6_000_000)
        #expect(parameters == 1_369_728)
        #expect(try Self.model().configuration.vocabulary == 2048)
    }

    @Test("its tokenizer cuts text as the tokenizers library does")
    func tokens() throws {
        let tokenizer = try Self.tokenizer()
        #expect(
            tokenizer.encode("What is a spring tide?") == [299, 287, 257, 517, 1208, 259, 596, 31]
        )
        #expect(
            tokenizer.encode(" It's 1234 loaves,  baked\n\nin the café.") == [
                326, 520, 525, 18, 19, 20, 723, 1115, 12, 221, 280, 430, 281, 199, 199, 258, 273,
                274, 1106, 128, 103, 14,
            ]
        )
        #expect(tokenizer.encode("<|endoftext|>a") == [0, 65])
    }

    @Test("its logits, answers and losses are PyTorch's, as near as 20 bits allow")
    func outputs() throws {
        let model = try Self.model()
        let prompt = try Self.tokenizer().encode("What is a spring tide?")
        let logits = try model.logits(prompt).row(prompt.count - 1)
        let expected: [(Int, Float)] = [
            (293, 11.5629), (336, 10.6309), (436, 9.8886), (884, 9.1519),
        ]
        for (token, value) in expected { #expect(abs(logits[token] - value) < 0.01) }
        let made = try model.generateGreedily(prompt, maxTokens: 12)
        #expect(made.tokens == [293, 672, 498, 287, 257, 267, 390, 422, 291, 1621, 14, 326])
        let losses = [("bread", 4.310546), ("sailing", 4.478040), ("contracts", 3.992786)]
        for (subject, loss) in losses {
            let held = try Self.records("held-out/\(subject)", model)
            #expect(abs(try model.meanLoss(held) - loss) < 0.001)
        }
    }

    @Test("a subject's records lower the loss on its held-out text by a tenth or more")
    func fineTuning() throws {
        let model = try Self.model()
        var records: [TokenizedRecord] = []
        for subject in ExampleDataTests.subjects { records += try Self.records(subject, model) }
        let recipe = try TrainingRecipe(
            rank: 8,
            alpha: 16,
            targets: [.query, .value, .output, .gate, .up, .down],
            learningRate: 0.01,
            warmupSteps: 5,
            schedule: .cosine,
            steps: 80,
            batchSize: 4,
            maxTokens: 128,
            segmentSteps: 10,
            seed: try Digest(borsh: [UInt8](repeating: 7, count: 32))
        )
        let trainer = try Trainer(model: model, recipe: recipe, records: records)
        var state = try trainer.initialState()
        var trace = ComputationTrace()
        for _ in 0..<recipe.steps { _ = try trainer.step(&state, trace: &trace) }
        let adapter = try PreparedAdapter(state.adapter, for: model.configuration)
        for subject in ExampleDataTests.subjects {
            let held = try Self.records("held-out/\(subject)", model)
            let before = try model.meanLoss(held)
            let after = try model.meanLoss(held, adapter: adapter)
            #expect(after <= 0.9 * before, "\(subject): \(before) to \(after)")
        }
    }
}
