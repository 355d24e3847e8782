// The forward pass of a decoder. Every row of every product depends on that row alone, and
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

    /// - Returns: nil for a family whose positions are learned.
    func rotaryTable(first: Int, count: Int) throws(ExactMathError) -> RotaryTable? {
        guard configuration.description.positions == .rotary else { return nil }
        if !configuration.ropeDivisors.isEmpty {
            return try RotaryTable(
                first: first,
                count: count,
                dimension: configuration.headDimension,
                base: configuration.ropeBase,
                divisors: configuration.ropeDivisors
            )
        }
        return try RotaryTable(
            first: first,
            count: count,
            dimension: configuration.headDimension,
            base: configuration.ropeBase
        )
    }

    /// The first layer's input, [tokens, hidden].
    /// - Parameter positions: of each token, from 0.
    func embedded(
        _ tokens: [UInt32],
        positions: some Sequence<Int>
    ) throws(ExactMathError) -> Matrix {
        var x = try weights.embedding.gather(tokens)
        if let table = weights.positions {
            try Layers.add(table.gather(positions.map { UInt32($0) }), to: &x)
        }
        return x
    }

    /// W x + b of one matrix, plus scaling · B (A x) where the adapter has a pair.
    /// - Parameters:
    ///   - x: the input rows, already in fixed point: [rows, in].
    ///   - low: takes A x at the matrix's place, which the gradients of the pair need.
    func linear(
        _ x: QuantizedMatrix,
        _ layer: Int,
        _ linear: LinearLayer,
        _ adapter: PreparedAdapter?,
        _ low: inout [Matrix?],
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> Matrix {
        let own = weights.layers[layer]
        var output = try Contraction.product(x, transposed: own[linear], trace: &trace)
        if let bias = own.bias(of: linear) { try Layers.addRow(bias, to: &output) }
        guard let adapter, let pair = adapter.pair(layer, linear) else { return output }
        let inner = try Contraction.product(x, transposed: pair.a)
        let high = try Contraction.product(QuantizedMatrix(inner), transposed: pair.b)
        try Layers.add(high, scale: adapter.scaling, to: &output)
        low[Int(linear.rawValue)] = inner
        return output
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
        var x = try embedded(tokens, positions: past..<past + tokens.count)
        for layer in 0..<configuration.layers {
            try addAttention(layer, &x, table, past, &cache, adapter, &trace)
            let normed = try norm(weights.layers[layer].feedForwardNorm, x)
            var low = Self.noLow
            let fed = try feedForward(normed.output, layer, adapter, &low, &trace)
            try Layers.add(fed.output, to: &x)
        }
        cache.count += tokens.count
        return x
    }

    private func addAttention(
        _ layer: Int,
        _ x: inout Matrix,
        _ table: RotaryTable?,
        _ past: Int,
        _ cache: inout KeyValueCache,
        _ adapter: PreparedAdapter?,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) {
        var low = Self.noLow
        let normed = try norm(weights.layers[layer].attentionNorm, x)
        var heads = try heads(normed.output, layer, adapter, &low, &trace)
        try heads.normalise(by: weights.layers[layer].headNorms, configuration)
        try table?.rotate(&heads.q)
        try table?.rotate(&heads.k)
        cache.keys[layer].append(contentsOf: heads.k.values)
        cache.values[layer].append(contentsOf: heads.v.values)
        let mixed = try attention.output(
            q: heads.q,
            k: cache.keys[layer],
            v: cache.values[layer],
            past: past
        )
        let output = try linear(
            QuantizedMatrix(mixed),
            layer,
            configuration.description.attentionOutput,
            adapter,
            &low,
            &trace
        )
        try Layers.add(output, to: &x)
    }

    /// Logits of rows of the last layer's output, [rows, vocabulary].
    func logits(ofHidden x: Matrix) throws(ExactMathError) -> Matrix {
        let normed = try norm(weights.finalNorm, x)
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
