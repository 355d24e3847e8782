// The forward pass of a Llama decoder. Every row of every product depends on that row alone, and
// attention reads positions in ascending order, so a pass over a whole prompt, a pass with a
// cache, and a batch give a token the same bits.

package import ExactMath

/// A base model that computes. Values are immutable; threads may share one.
package struct DecoderModel: Sendable {
    package let weights: ModelWeights

    package init(_ weights: ModelWeights) { self.weights = weights }

    package var configuration: ModelConfiguration { weights.configuration }

    var attention: GroupedAttention {
        GroupedAttention(
            heads: configuration.heads,
            kvHeads: configuration.kvHeads,
            headDimension: configuration.headDimension
        )
    }

    func rotaryTable(first: Int, count: Int) throws(ExactMathError) -> RotaryTable {
        try RotaryTable(
            first: first,
            count: count,
            dimension: configuration.headDimension,
            base: configuration.ropeBase
        )
    }

    /// W x of one matrix, plus scaling · B (A x) where the adapter has a pair.
    /// - Parameter x: the input rows, already in fixed point: [rows, in].
    func linear(
        _ x: QuantizedMatrix,
        _ layer: Int,
        _ linear: LinearLayer,
        _ adapter: PreparedAdapter?,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> (output: Matrix, low: Matrix?) {
        var output = try Contraction.product(
            x,
            transposed: weights.layers[layer][linear],
            trace: &trace
        )
        guard let adapter, let pair = adapter.pair(layer, linear) else { return (output, nil) }
        let low = try Contraction.product(x, transposed: pair.a)
        let high = try Contraction.product(QuantizedMatrix(low), transposed: pair.b)
        try Layers.add(high, scale: adapter.scaling, to: &output)
        return (output, low)
    }

    /// Runs all layers over new tokens and extends the cache by them.
    /// - Returns: the last layer's output before the final norm, [tokens, hidden].
    func hidden(
        _ tokens: [UInt32],
        _ cache: inout KeyValueCache,
        _ adapter: PreparedAdapter?,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> Matrix {
        try ExactRuntime.requireExactEnvironment()
        let past = cache.count
        let table = try rotaryTable(first: past, count: tokens.count)
        var x = try weights.embedding.gather(tokens)
        for layer in 0..<configuration.layers {
            try addAttention(layer, &x, table, past, &cache, adapter, &trace)
            try addFeedForward(layer, &x, adapter, &trace)
        }
        cache.count += tokens.count
        return x
    }

    private func addAttention(
        _ layer: Int,
        _ x: inout Matrix,
        _ table: RotaryTable,
        _ past: Int,
        _ cache: inout KeyValueCache,
        _ adapter: PreparedAdapter?,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) {
        let normed = try Layers.rmsNorm(
            x,
            weight: weights.layers[layer].attentionNorm,
            epsilon: configuration.normEpsilon
        )
        let input = try QuantizedMatrix(normed.output)
        var q = try linear(input, layer, .query, adapter, &trace).output
        var k = try linear(input, layer, .key, adapter, &trace).output
        let v = try linear(input, layer, .value, adapter, &trace).output
        try table.rotate(&q)
        try table.rotate(&k)
        cache.keys[layer].append(contentsOf: k.values)
        cache.values[layer].append(contentsOf: v.values)
        let mixed = try attention.output(
            q: q,
            k: cache.keys[layer],
            v: cache.values[layer],
            past: past
        )
        let output = try linear(QuantizedMatrix(mixed), layer, .output, adapter, &trace).output
        try Layers.add(output, to: &x)
    }

    private func addFeedForward(
        _ layer: Int,
        _ x: inout Matrix,
        _ adapter: PreparedAdapter?,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) {
        let normed = try Layers.rmsNorm(
            x,
            weight: weights.layers[layer].feedForwardNorm,
            epsilon: configuration.normEpsilon
        )
        let input = try QuantizedMatrix(normed.output)
        let gate = try linear(input, layer, .gate, adapter, &trace).output
        let up = try linear(input, layer, .up, adapter, &trace).output
        let active = try Layers.swiGLU(gate: gate, up: up)
        let output = try linear(QuantizedMatrix(active), layer, .down, adapter, &trace).output
        try Layers.add(output, to: &x)
    }

    /// Logits of rows of the last layer's output, [rows, vocabulary].
    func logits(ofHidden x: Matrix) throws(ExactMathError) -> Matrix {
        let normed = try Layers.rmsNorm(
            x,
            weight: weights.finalNorm,
            epsilon: configuration.normEpsilon
        )
        return try Contraction.product(QuantizedMatrix(normed.output), transposed: weights.head)
    }
}

/// Keys (rotated) and values of the tokens seen so far.
package struct KeyValueCache: Sendable {
    package internal(set) var count = 0
    /// One array a layer, [count, kvHeads · headDimension].
    var keys: [[Float]]
    var values: [[Float]]

    package init(for configuration: ModelConfiguration) {
        keys = .init(repeating: [], count: configuration.layers)
        values = .init(repeating: [], count: configuration.layers)
    }
}

extension DecoderModel {
    /// The logits after every token, [tokens, vocabulary].
    package func logits(
        _ tokens: [UInt32],
        adapter: PreparedAdapter? = nil
    ) throws(ModelError) -> Matrix {
        try configuration.check(tokens)
        var cache = KeyValueCache(for: configuration)
        var trace = ComputationTrace()
        do throws(ExactMathError) {
            return try logits(ofHidden: hidden(tokens, &cache, adapter, &trace))
        } catch {
            throw .arithmetic(error)
        }
    }

    /// Feeds tokens to a cache and returns the logits after the last one, [vocabulary].
    package func advance(
        _ cache: inout KeyValueCache,
        by tokens: [UInt32],
        adapter: PreparedAdapter? = nil
    ) throws(ModelError) -> [Float] {
        try configuration.check(tokens, past: cache.count)
        var trace = ComputationTrace()
        do throws(ExactMathError) {
            let x = try hidden(tokens, &cache, adapter, &trace)
            return try logits(ofHidden: x.rows(x.rows - 1..<x.rows)).values
        } catch {
            throw .arithmetic(error)
        }
    }
}
