import ExactMath
import Foundation
import LanguageModel
import Primitives

/// Processor time, so that a busy machine does not blur the figures; one thread is in use.
private func seconds<Value>(_ body: () throws -> Value) rethrows -> (Double, Value) {
    let start = clock()
    let value = try body()
    return (Double(clock() - start) / Double(CLOCKS_PER_SEC), value)
}

private func show(_ name: String, _ value: Double, _ unit: String) {
    print(
        name.padding(toLength: 44, withPad: " ", startingAt: 0),
        String(format: "%9.3f", value),
        unit
    )
}

/// Times the operations that jobs are made of, on one thread.
func printSpeed(modelFile: String?) throws {
    ExactRuntime.setThreads(1)
    show("self-check", try seconds { try ExactRuntime.selfCheck() }.0, "s")
    let small = try SyntheticModel(
        hidden: 128,
        layers: 6,
        heads: 4,
        feedForward: 384,
        vocabulary: 2048
    )
    let model = try small.model()
    let records = small.records(64, length: 100)
    try timeTraining("small model", model, records, batch: 8, steps: 8)
    try timeGeneration("small model", model, prompt: 40, tokens: 100)
    guard let modelFile else { return }
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: modelFile)))
    let (loading, large) = try seconds {
        let source = try GGUFModel(GGUFFile(bytes))
        return DecoderModel(try ModelWeights(configuration: source.configuration, source: source))
    }
    show("file: load and quantise", loading, "s")
    try timeTraining("file", large, tokens(large, 16, 64), batch: 4, steps: 2)
    try timeGeneration("file", large, prompt: 100, tokens: 20)
}

private func tokens(_ model: DecoderModel, _ count: Int, _ length: Int) -> [TokenizedRecord] {
    var generator = KeyedGenerator(seed: .zero, domain: 2)
    let limit = UInt64(model.configuration.vocabulary)
    return (0..<count).compactMap { _ in
        TokenizedRecord(
            tokens: (0..<length).map { _ in UInt32(generator.next(below: limit)) },
            completionStart: length / 4
        )
    }
}

private func timeTraining(
    _ name: String,
    _ model: DecoderModel,
    _ records: [TokenizedRecord],
    batch: Int,
    steps: Int
) throws {
    let recipe = try TrainingRecipe(
        rank: 8,
        alpha: 16,
        learningRate: 1e-3,
        steps: steps,
        batchSize: batch,
        maxTokens: 512,
        segmentSteps: 1,
        seed: .zero
    )
    let trainer = try Trainer(model: model, recipe: recipe, records: records)
    var state = try trainer.initialState()
    var trace = ComputationTrace()
    var tokens = 0
    let (time, _) = try seconds {
        for _ in 0..<steps { tokens += try trainer.step(&state, trace: &trace).tokens }
    }
    show("\(name): training", Double(tokens) / time, "tokens/s")
    let adapter = try PreparedAdapter(state.adapter, for: model)
    let (gradient, _) = try seconds {
        for record in records.prefix(4) {
            _ = try model.recordGradient(record, adapter: adapter, trace: &trace)
        }
    }
    show("\(name): gradient of a record", gradient / 4, "s")
    let (loss, _) = try seconds { try model.meanLoss(Array(records.prefix(4)), adapter: adapter) }
    show("\(name): loss of a record", loss / 4, "s")
}

private func timeGeneration(
    _ name: String,
    _ model: DecoderModel,
    prompt: Int,
    tokens: Int
) throws {
    let prompt = (0..<prompt).map { UInt32(2 + $0 * 37 % (model.configuration.vocabulary - 2)) }
    let (prefill, _) = try seconds {
        try model.generateGreedily(prompt, maxTokens: 1)
    }
    var made = 0
    let (all, _) = try seconds {
        var cache = KeyValueCache(for: model.configuration)
        var next = prompt
        for _ in 0..<tokens {
            let logits = try model.advance(&cache, by: next)
            next = [try Sampling.argmax(logits)]
            made += 1
        }
    }
    show("\(name): prefill of \(prompt.count) tokens", prefill, "s")
    show("\(name): decoding", Double(made - 1) / (all - prefill), "tokens/s")
}
