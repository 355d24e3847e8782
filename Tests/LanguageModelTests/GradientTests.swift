import ExactMath
import LanguageModel
import ModelTestSupport
import Testing

@Suite("LoRA gradients")
struct GradientTests {
    /// The loss along a straight line through the adapter, in one tensor's gradient direction.
    private func lossMoved(
        _ model: DecoderModel,
        _ adapter: LoRAAdapter,
        _ tensor: Int,
        _ direction: Matrix,
        _ amount: Float,
        _ records: [TokenizedRecord]
    ) throws -> Double {
        var modules = adapter.modules
        let module = tensor / 2
        if tensor.isMultiple(of: 2) {
            try Layers.add(direction, scale: amount, to: &modules[module].a)
        } else {
            try Layers.add(direction, scale: amount, to: &modules[module].b)
        }
        let moved = try LoRAAdapter(rank: adapter.rank, alpha: adapter.alpha, modules: modules)
        return try model.meanLoss(
            records,
            adapter: PreparedAdapter(moved, for: model.configuration)
        )
    }

    @Test("every tensor's gradient is the slope of the loss along it", arguments: [true, false])
    func finiteDifferences(tied: Bool) throws {
        let source = try RandomLlama(tied: tied)
        let model = try source.model()
        let adapter = try source.adapter(source.configuration.description.linears)
        let records = source.records(3)
        var trace = ComputationTrace()
        let gradient = try model.batchGradient(
            records,
            adapter: PreparedAdapter(adapter, for: model.configuration),
            trace: &trace
        )
        let prepared = try PreparedAdapter(adapter, for: model.configuration)
        let loss = try model.meanLoss(records, adapter: prepared)
        #expect(abs(gradient.loss - loss) < 1e-12)
        #expect(gradient.tensors.count == 28)
        for (index, tensor) in gradient.tensors.enumerated() {
            let norm = Layers.sumOfSquares(tensor.values).squareRoot()
            #expect(norm > 1e-4)
            let amount = Float(0.02 / norm)
            let slope =
                (try lossMoved(model, adapter, index, tensor, amount, records)
                    - lossMoved(model, adapter, index, tensor, -amount, records))
                / (2 * Double(amount))
            #expect(abs(slope / (norm * norm) - 1) < 0.01, "tensor \(index): \(slope)")
        }
    }

    @Test("pairs on some matrices have the gradients that they have among all")
    func subsetOfTargets() throws {
        let source = try RandomLlama()
        let model = try source.model()
        var trace = ComputationTrace()
        var adapter = try source.adapter([.query, .value])
        let record = try #require(source.records(1).first)
        let all = try model.recordGradient(
            record,
            adapter: PreparedAdapter(adapter, for: model.configuration),
            trace: &trace
        )
        #expect(trace.words.count == 14 + 1 + 7 + 4)
        // Without the lower layer's pairs, the upper layer's gradients stay if those did nothing.
        var modules = adapter.modules
        for index in 0..<2 {
            modules[index].b = Matrix(rows: modules[index].b.rows, columns: 3)
        }
        adapter = try LoRAAdapter(rank: 3, alpha: 6, modules: modules)
        let silent = try model.recordGradient(
            record,
            adapter: PreparedAdapter(adapter, for: model.configuration),
            trace: &trace
        )
        let upper = try LoRAAdapter(rank: 3, alpha: 6, modules: Array(modules[2...]))
        let alone = try model.recordGradient(
            record,
            adapter: PreparedAdapter(upper, for: model.configuration),
            trace: &trace
        )
        #expect(alone.modules == Array(silent.modules[2...]))
        #expect(alone.modules != Array(all.modules[2...]))
    }

    @Test("a record without room for a target is not a record")
    func records() {
        #expect(TokenizedRecord(tokens: [1, 2], completionStart: 2) == nil)
        #expect(TokenizedRecord(tokens: [1, 2], completionStart: 0) == nil)
        let record = TokenizedRecord(tokens: [1, 2, 3, 4], completionStart: 2)
        #expect(record?.truncated(to: 3)?.tokens == [1, 2, 3])
        #expect(record?.truncated(to: 2) == nil)
    }
}
