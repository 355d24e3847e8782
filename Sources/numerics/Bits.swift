import Attribution
import Cryptography
import ExactMath
import LanguageModel
import Primitives

/// Hashes of logits, of an adapter after 20 steps, of gradients, of index rows and of influence
/// scores, on a random model. Logits are computed for a whole record and for 1, 7 and 64 tokens
/// at a time, which have to agree.
func printBits(threads: String?) throws {
    ExactRuntime.setThreads(threads.flatMap { Int($0) } ?? 1)
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
    let adapter = try PreparedAdapter(state.adapter, for: model)
    var gradients: [UInt8] = []
    for record in records.prefix(6) {
        for tensor in try model.recordGradient(record, adapter: adapter, trace: &trace).tensors {
            gradients += FloatBytes.encode(tensor.values)
        }
    }
    let influence = try influenceBytes(model, state.adapter, records, &trace)
    let logits = try logitBytes(model, adapter, source.records(3, length: 70))
    let parts = [
        ("logits", logits), ("adapter", state.bytes), ("gradients", gradients),
        ("index", influence.index), ("scores", influence.scores), ("trace", trace.bytes),
    ]
    let tag = HashTag("openledger/numerics-bits/v1")
    let texts = parts.map { name, bytes in
        name + " " + Hex.encode(taggedHash(tag, bytes).bytes.prefix(8))
    }
    print(texts.joined(separator: " "))
}

private struct BatchesDiffer: Error {
    let record: Int
    let tokensAtATime: Int
}

private func logitBytes(
    _ model: DecoderModel,
    _ adapter: PreparedAdapter,
    _ records: [TokenizedRecord]
) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for (number, record) in records.enumerated() {
        let rows = try model.logits(record.tokens, adapter: adapter)
        bytes += FloatBytes.encode(rows.values)
        for batch in [1, 7, 64] {
            var cache = KeyValueCache(for: model.configuration)
            for start in stride(from: 0, to: record.tokens.count, by: batch) {
                let end = min(start + batch, record.tokens.count)
                let last = try model.advance(
                    &cache,
                    by: Array(record.tokens[start..<end]),
                    adapter: adapter
                )
                guard last == rows.row(end - 1) else {
                    throw BatchesDiffer(record: number, tokensAtATime: batch)
                }
            }
        }
    }
    return bytes
}

/// Index rows of 16 records, and the scores of all of them for six queries.
private func influenceBytes(
    _ model: DecoderModel,
    _ adapter: LoRAAdapter,
    _ records: [TokenizedRecord],
    _ trace: inout ComputationTrace
) throws -> (index: [UInt8], scores: [UInt8]) {
    guard let format = RowFormat(projectionColumns: 512, seed: .zero) else {
        throw ExactMathError.outOfRange
    }
    let rows = try GradientRows(model: model, adapter: adapter, format: format)
    var all: [InfluenceRow] = []
    for record in records.prefix(22) { all.append(try rows.row(of: record, trace: &trace)) }
    let index = try InfluenceIndex(blockWidths: rows.blockWidths, rows: Array(all.prefix(16)))
    let estimator = try InfluenceEstimator(index)
    var scores: [UInt8] = []
    for query in all.suffix(6) {
        for weight in try estimator.weights(for: query) {
            for shift in stride(from: 0, to: 64, by: 8) {
                scores.append(UInt8(truncatingIfNeeded: weight >> Int64(shift)))
            }
        }
    }
    return (all.flatMap(\.bytes), scores)
}
