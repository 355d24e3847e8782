import ExactMath
import Factory
import Foundation
import Jobs
import LanguageModel
import Primitives
import Testing

/// Figures of docs/benchmarks.md: training a real model, where a GGUF file of one is named.
@Suite("Measured training", .serialized) struct MeasuredTrainingTests {
    static let file = ProcessInfo.processInfo.environment["OPENLEDGER_TRAIN_GGUF"]

    static func input(
        _ base: ModelBundle,
        _ activations: ActivationMemory
    ) throws -> FactoryInput {
        let examples = SmallModelTests.root.appending(path: "examples")
        let held = try Dataset(contentsOf: examples.appending(path: "held-out/bread.jsonl"))
        var options = RecipeOptions()
        options.batchSize = 4
        options.maxTokens = 64
        options.steps = 24
        options.learningRate = 5e-4
        return FactoryInput(
            base: base,
            baseName: "measured",
            records: try Dataset(contentsOf: examples.appending(path: "bread.jsonl")).records,
            recipe: try options.recipe(records: 90, model: base.configuration, seed: .zero),
            heldOut: Array(held.records.prefix(16)),
            suspects: 0,
            makesIndex: false,
            activations: activations
        )
    }

    @Test("LoRA over the file as it is, activations kept and computed again, and QLoRA in NF4")
    func measure() throws {
        guard let file = Self.file else {
            print("skipped: OPENLEDGER_TRAIN_GGUF names no model")
            return
        }
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
        let base = try ModelBundle(gguf: bytes)
        var results: [FactoryResult] = []
        for activations in [ActivationMemory.recomputed, .kept] {
            let input = try Self.input(base, activations)
            let result = try input.run()
            print("measured: \(activations)", result.report.json(cost: result.cost).compactText)
            results.append(result)
        }
        #expect(results[0].trace == results[1].trace)
        let input = try Self.input(base, .recomputed)
        let comparison = try input.comparison(withNF4Of: .gguf(bytes), results[0])
        print("measured: comparison", comparison.json.compactText)
        let before = try #require(comparison.qlora.heldOutBefore)
        #expect(try #require(comparison.qlora.heldOutAfter) < before)
    }
}
