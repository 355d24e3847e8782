// The parts of a layer that inference and training share, as the family's description says.

import ExactMath

/// Queries, keys and values of some rows: [rows, heads · d], [rows, kvHeads · d] twice.
struct HeadRows {
    var q: Matrix
    var k: Matrix
    var v: Matrix

    func rows(_ range: Range<Int>) -> HeadRows {
        HeadRows(q: q.rows(range), k: k.rows(range), v: v.rows(range))
    }

    /// What the norms of heads leave for their gradients: inputs as rows of one head each.
    struct NormTape {
        let q: Matrix
        let k: Matrix
        let qInverse: [Double]
        let kInverse: [Double]
    }

    /// Normalises each head of q and k by itself.
    @discardableResult
    mutating func normalise(
        by norms: (query: NormWeights, key: NormWeights)?,
        _ configuration: ModelConfiguration
    ) throws(ExactMathError) -> NormTape? {
        guard let norms else { return nil }
        let width = configuration.headDimension
        let ownQ = q.reshaped(width: width)
        let ownK = k.reshaped(width: width)
        let normedQ = try norms.query.apply(ownQ, epsilon: configuration.normEpsilon)
        let normedK = try norms.key.apply(ownK, epsilon: configuration.normEpsilon)
        q.values = normedQ.output.values
        k.values = normedK.output.values
        return NormTape(
            q: ownQ,
            k: ownK,
            qInverse: normedQ.inverse,
            kInverse: normedK.inverse
        )
    }
}

/// The inner rows of a feed-forward block, [rows, intermediate].
enum FeedForwardRows {
    case gated(gate: Matrix, up: Matrix)
    case plain(up: Matrix)

    /// silu(gate) · up, or GELU.
    func active() throws(ExactMathError) -> Matrix {
        switch self {
        case .gated(let gate, let up): try Layers.swiGLU(gate: gate, up: up)
        case .plain(let up): try Layers.gelu(up)
        }
    }

    /// The gradients of the rows in the order of the description's `feedForwardInput`.
    func gradients(of active: Matrix) throws(ExactMathError) -> [Matrix] {
        switch self {
        case .gated(let gate, let up):
            let own = try Layers.swiGLUGradient(of: active, gate: gate, up: up)
            return [own.gate, own.up]
        case .plain(let up): return [try Layers.geluGradient(of: active, input: up)]
        }
    }
}

extension DecoderModel {
    /// An empty place for A x of each matrix.
    static var noLow: [Matrix?] { .init(repeating: nil, count: LinearLayer.allCases.count) }

    func norm(_ norm: NormWeights, _ x: Matrix) throws(ExactMathError) -> NormalizedRows {
        try norm.apply(x, epsilon: configuration.normEpsilon)
    }

    /// Queries, keys and values of normed rows, before head norms and rotation.
    func heads(
        _ normed: Matrix,
        _ layer: Int,
        _ adapters: RowAdapters,
        _ low: inout [Matrix?],
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> HeadRows {
        let input = try QuantizedMatrix(normed)
        var parts: [Matrix] = []
        for matrix in configuration.description.attentionInput {
            parts.append(try linear(input, normed, layer, matrix, adapters, &low, &trace))
        }
        guard parts.count == 1 else { return HeadRows(q: parts[0], k: parts[1], v: parts[2]) }
        let (q, k) = (configuration.queryWidth, configuration.keyWidth)
        return HeadRows(
            q: parts[0].columns(0..<q),
            k: parts[0].columns(q..<q + k),
            v: parts[0].columns(q + k..<q + 2 * k)
        )
    }

    /// The feed-forward block over normed rows, with what its gradient needs.
    func feedForward(
        _ normed: Matrix,
        _ layer: Int,
        _ adapters: RowAdapters,
        _ low: inout [Matrix?],
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> (inner: FeedForwardRows, active: Matrix, output: Matrix) {
        let description = configuration.description
        let input = try QuantizedMatrix(normed)
        var parts: [Matrix] = []
        for matrix in description.feedForwardInput {
            parts.append(try linear(input, normed, layer, matrix, adapters, &low, &trace))
        }
        let inner: FeedForwardRows =
            parts.count == 1 ? .plain(up: parts[0]) : .gated(gate: parts[0], up: parts[1])
        let active = try inner.active()
        let output = try linear(
            QuantizedMatrix(active),
            active,
            layer,
            description.feedForwardOutput,
            adapters,
            &low,
            &trace
        )
        return (inner, active, output)
    }
}
