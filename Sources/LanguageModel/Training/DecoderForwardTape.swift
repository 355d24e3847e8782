// The forward pass of training: the same arithmetic as `DecoderModel.hidden`, over several whole
// sequences at once, keeping what the backward pass needs.

import ExactMath

extension DecoderModel {
    /// - Returns: the last layer's output, [rows, hidden], and one tape a layer.
    func recordedHidden(
        _ batch: SequenceBatch,
        _ table: RotaryTable,
        _ adapter: PreparedAdapter,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> (output: Matrix, tapes: [LayerTape]) {
        var x = try weights.embedding.gather(batch.tokens)
        var tapes: [LayerTape] = []
        tapes.reserveCapacity(configuration.layers)
        for layer in 0..<configuration.layers {
            tapes.append(try record(layer, &x, batch, table, adapter, &trace))
        }
        return (x, tapes)
    }

    private func record(
        _ layer: Int,
        _ x: inout Matrix,
        _ batch: SequenceBatch,
        _ table: RotaryTable,
        _ adapter: PreparedAdapter,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> LayerTape {
        let own = weights.layers[layer]
        var low = [Matrix?](repeating: nil, count: LinearLayer.allCases.count)
        let input = x
        let norm1 = try Layers.rmsNorm(
            x,
            weight: own.attentionNorm,
            epsilon: configuration.normEpsilon
        )
        let fixed1 = try QuantizedMatrix(norm1.output)
        let q = try recorded(fixed1, layer, .query, adapter, &low, &trace)
        let k = try recorded(fixed1, layer, .key, adapter, &low, &trace)
        let v = try recorded(fixed1, layer, .value, adapter, &low, &trace)
        let parts = try attend(q, k, v, batch, table)
        let mixed = Matrix.stacked(parts.outputs, columns: configuration.queryWidth)
        let attended = try recorded(
            QuantizedMatrix(mixed),
            layer,
            .output,
            adapter,
            &low,
            &trace
        )
        try Layers.add(attended, to: &x)
        let middle = x
        let norm2 = try Layers.rmsNorm(
            x,
            weight: own.feedForwardNorm,
            epsilon: configuration.normEpsilon
        )
        let fixed2 = try QuantizedMatrix(norm2.output)
        let gate = try recorded(fixed2, layer, .gate, adapter, &low, &trace)
        let up = try recorded(fixed2, layer, .up, adapter, &low, &trace)
        let active = try Layers.swiGLU(gate: gate, up: up)
        let fed = try recorded(QuantizedMatrix(active), layer, .down, adapter, &low, &trace)
        try Layers.add(fed, to: &x)
        return LayerTape(
            input: input,
            middle: middle,
            attentionNorm: norm1,
            feedForwardNorm: norm2,
            q: parts.q,
            k: parts.k,
            v: parts.v,
            probabilities: parts.probabilities,
            mixed: mixed,
            gate: gate,
            up: up,
            active: active,
            low: low
        )
    }

    private func recorded(
        _ x: QuantizedMatrix,
        _ layer: Int,
        _ matrix: LinearLayer,
        _ adapter: PreparedAdapter,
        _ low: inout [Matrix?],
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> Matrix {
        let result = try linear(x, layer, matrix, adapter, &trace)
        low[Int(matrix.rawValue)] = result.low
        return result.output
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
        _ q: Matrix,
        _ k: Matrix,
        _ v: Matrix,
        _ batch: SequenceBatch,
        _ table: RotaryTable
    ) throws(ExactMathError) -> AttentionParts {
        var parts = AttentionParts()
        for range in batch.ranges {
            var ownQ = q.rows(range)
            var ownK = k.rows(range)
            let ownV = v.rows(range)
            try table.rotate(&ownQ)
            try table.rotate(&ownK)
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
