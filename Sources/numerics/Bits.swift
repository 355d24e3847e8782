import Cryptography
import ExactMath
import LanguageModel
import Primitives

/// Hashes of logits, of an adapter after 20 steps, and of gradients, on a random model.
func printBits() throws {
    try ExactRuntime.selfCheck()
    let source = try SyntheticModel(
        hidden: 96,
        layers: 3,
        heads: 4,
        feedForward: 272,
        vocabulary: 700
    )
    let model = try source.model()
    let records = source.records(24, length: 40)
    let recipe = try TrainingRecipe(
        rank: 8,
        alpha: 16,
        targets: TargetSelection(source.configuration.description.linears),
        learningRate: 2e-3,
        schedule: .cosine,
        steps: 20,
        batchSize: 4,
        maxTokens: 64,
        segmentSteps: 10,
        seed: .zero
    )
    let trainer = try Trainer(model: model, recipe: recipe, records: records)
    var state = try trainer.initialState()
    var trace = ComputationTrace()
    while state.step < recipe.steps { _ = try trainer.step(&state, trace: &trace) }
    let adapter = try PreparedAdapter(state.adapter, for: model.configuration)
    var gradients: [UInt8] = []
    for record in records.prefix(6) {
        for tensor in try model.recordGradient(record, adapter: adapter, trace: &trace).tensors {
            gradients += FloatBytes.encode(tensor.values)
        }
    }
    var logits: [UInt8] = []
    for record in records.prefix(4) {
        let rows = try model.logits(record.tokens, adapter: adapter)
        logits += FloatBytes.encode(rows.values)
    }
    let parts = [
        ("logits", logits), ("adapter", state.bytes), ("gradients", gradients),
        ("trace", trace.bytes),
    ]
    let tag = HashTag("openledger/numerics-bits/v1")
    let texts = parts.map { name, bytes in
        name + " " + Hex.encode(taggedHash(tag, bytes).bytes.prefix(8))
    }
    print(texts.joined(separator: " "))
}
