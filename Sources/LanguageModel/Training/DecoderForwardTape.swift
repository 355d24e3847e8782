// The forward pass of training: the same arithmetic as `DecoderModel.hidden`, over several whole
// sequences at once, keeping what the backward pass needs.

import ExactMath

extension DecoderModel {
    /// - Returns: the last layer's output, [rows, hidden], and one memory a layer.
    func recordedHidden(
        _ batch: SequenceBatch,
        _ table: RotaryTable?,
        _ adapter: PreparedAdapter,
        _ activations: ActivationMemory,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> (output: Matrix, layers: [LayerMemory]) {
        var x = try embedded(batch.tokens, positions: batch.positions)
        var layers: [LayerMemory] = []
        layers.reserveCapacity(configuration.layers)
        for layer in 0..<configuration.layers {
            let input = x
            var tape = try record(layer, &x, batch, table, adapter, &trace)
            tape.keepInputs(of: adapter, layer)
            layers.append(activations == .kept ? .tape(tape) : .input(input))
        }
        return (x, layers)
    }

    /// One layer's pass; `x` becomes its output.
    func record(
        _ layer: Int,
        _ x: inout Matrix,
        _ batch: SequenceBatch,
        _ table: RotaryTable?,
        _ adapter: PreparedAdapter,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> LayerTape {
        let own = weights.layers[layer]
        let adapters = RowAdapters(adapter, rows: x.rows)
        var low = Self.noLow
        let input = x
        let norm1 = try norm(own.attentionNorm, x)
        var heads = try heads(norm1.output, layer, adapters, &low, &trace)
        let headNorms = try heads.normalise(by: own.headNorms, configuration)
        let parts = try attend(heads, batch, table)
        let mixed = Matrix.stacked(parts.outputs, columns: configuration.queryWidth)
        let attended = try linear(
            QuantizedMatrix(mixed),
            mixed,
            layer,
            configuration.description.attentionOutput,
            adapters,
            &low,
            &trace
        )
        try Layers.add(attended, to: &x)
        let middle = x
        let norm2 = try norm(own.feedForwardNorm, x)
        let fed = try feedForward(norm2.output, layer, adapters, &low, &trace)
        try Layers.add(fed.output, to: &x)
        return LayerTape(
            input: input,
            middle: middle,
            attentionNorm: norm1,
            feedForwardNorm: norm2,
            headNorms: headNorms,
            q: parts.q,
            k: parts.k,
            v: parts.v,
            probabilities: parts.probabilities,
            mixed: mixed,
            feedForward: fed.inner,
            active: fed.active,
            low: low
        )
    }

    private struct AttentionParts {
        var q: [Matrix] = []
        var k: [Matrix] = []
        var v: [Matrix] = []
        var outputs: [Matrix] = []
        var probabilities: [[Float]] = []
    }

    /// Attention of each sequence by itself.
    private func attend(
        _ heads: HeadRows,
        _ batch: SequenceBatch,
        _ table: RotaryTable?
    ) throws(ExactMathError) -> AttentionParts {
        var parts = AttentionParts()
        for range in batch.ranges {
            var ownQ = heads.q.rows(range)
            var ownK = heads.k.rows(range)
            let ownV = heads.v.rows(range)
            try table?.rotate(&ownQ)
            try table?.rotate(&ownK)
            let result = try attention.outputAndProbabilities(q: ownQ, k: ownK, v: ownV)
            parts.q.append(ownQ)
            parts.k.append(ownK)
            parts.v.append(ownV)
            parts.outputs.append(result.output)
            parts.probabilities.append(result.probabilities)
        }
        return parts
    }
}
