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

    /// W x + b of one matrix, plus scaling · B (A x) where the adapter has a pair. With magnitudes
    /// (DoRA) W x and B (A x) are first multiplied by magnitude over norm, output by output.
    /// - Parameters:
    ///   - x: the input rows, already in fixed point: [rows, in].
    ///   - plain: the same rows before, which dropout works on.
    ///   - low: takes A x at the matrix's place, which the gradients of the pair need.
    func linear(
        _ x: QuantizedMatrix,
        _ plain: Matrix,
        _ layer: Int,
        _ linear: LinearLayer,
        _ adapters: RowAdapters,
        _ low: inout [Matrix?],
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> Matrix {
        let own = weights.layers[layer]
        var output = try Contraction.product(x, transposed: own[linear], trace: &trace)
        try adapters.stretch(&output, layer, linear)
        if let bias = own.bias(of: linear) { try Layers.addRow(bias, to: &output) }
        low[Int(linear.rawValue)] = try adapters.add(x, plain, layer, linear, to: &output)
        return output
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
        self.init(layers: configuration.layers)
    }

    init(layers: Int) {
        keys = .init(repeating: [], count: layers)
        values = .init(repeating: [], count: layers)
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
