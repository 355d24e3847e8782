// The backward pass: gradients of the LoRA pairs only. Frozen matrices pass gradients on with
// their row scales folded into the gradient, so one fixed-point copy of a weight serves both ways.

import ExactMath

/// One backward pass: the gradients found so far.
struct DecoderBackward {
    let model: DecoderModel
    let adapter: PreparedAdapter
    let batch: SequenceBatch
    let table: RotaryTable
    /// In the order of the adapter's modules.
    var gradients: [LoRAModuleGradient?]

    init(
        _ model: DecoderModel,
        _ adapter: PreparedAdapter,
        _ batch: SequenceBatch,
        _ table: RotaryTable
    ) {
        self.model = model
        self.adapter = adapter
        self.batch = batch
        self.table = table
        gradients = .init(repeating: nil, count: adapter.moduleCount)
    }

    /// - Parameter output: the gradient of the last layer's output, [rows, hidden].
    mutating func run(
        _ output: Matrix,
        _ tapes: [LayerTape],
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) {
        var gradient = output
        for layer in stride(from: tapes.count - 1, through: adapter.lowestLayer, by: -1) {
            try passLayer(layer, tapes[layer], &gradient, &trace)
        }
    }

    /// Turns the gradient of a layer's output into that of its input.
    private mutating func passLayer(
        _ layer: Int,
        _ tape: LayerTape,
        _ gradient: inout Matrix,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) {
        let own = model.weights.layers[layer]
        let rows = gradient.rows
        let hidden = model.configuration.hiddenSize
        let dActive = try passed(gradient, layer, .down, tape, &trace)
        let gates = try Layers.swiGLUGradient(of: dActive, gate: tape.gate, up: tape.up)
        var dNorm = Matrix(rows: rows, columns: hidden)
        try Layers.add(passed(gates.gate, layer, .gate, tape, &trace), to: &dNorm)
        try Layers.add(passed(gates.up, layer, .up, tape, &trace), to: &dNorm)
        try Layers.addRMSNormGradient(
            of: dNorm,
            input: tape.middle,
            weight: own.feedForwardNorm,
            inverse: tape.feedForwardNorm.inverse,
            to: &gradient
        )

        let dMixed = try passed(gradient, layer, .output, tape, &trace)
        let heads = try attentionGradients(dMixed, tape)
        // Nothing below the lowest pair needs this layer's input gradient.
        guard layer > adapter.lowestLayer else {
            try addPairGradient(heads.q, layer, .query, tape)
            try addPairGradient(heads.k, layer, .key, tape)
            try addPairGradient(heads.v, layer, .value, tape)
            return
        }
        var dInput = Matrix(rows: rows, columns: hidden)
        try Layers.add(passed(heads.q, layer, .query, tape, &trace), to: &dInput)
        try Layers.add(passed(heads.k, layer, .key, tape, &trace), to: &dInput)
        try Layers.add(passed(heads.v, layer, .value, tape, &trace), to: &dInput)
        try Layers.addRMSNormGradient(
            of: dInput,
            input: tape.input,
            weight: own.attentionNorm,
            inverse: tape.attentionNorm.inverse,
            to: &gradient
        )
    }

    /// The gradient of a matrix's input from its output's; notes the pair's gradients on the way.
    private mutating func passed(
        _ dOutput: Matrix,
        _ layer: Int,
        _ linear: LinearLayer,
        _ tape: LayerTape,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> Matrix {
        var dInput = try Contraction.product(
            dOutput,
            model.weights.layers[layer][linear],
            trace: &trace
        )
        if let dLow = try addPairGradient(dOutput, layer, linear, tape),
            let pair = adapter.pair(layer, linear)
        {
            try Layers.add(Contraction.product(dLow, pair.a), to: &dInput)
        }
        return dInput
    }

    /// dB = scaling · dYᵀ (A x), dA = (scaling · dY B)ᵀ x, both contracted over the rows.
    /// - Returns: the gradient of A x, or nil without a pair.
    @discardableResult
    private mutating func addPairGradient(
        _ dOutput: Matrix,
        _ layer: Int,
        _ linear: LinearLayer,
        _ tape: LayerTape
    ) throws(ExactMathError) -> Matrix? {
        guard let pair = adapter.pair(layer, linear), let low = tape.low[Int(linear.rawValue)]
        else { return nil }
        var dB = try Contraction.product(
            Layers.transposed(dOutput),
            transposed: Layers.transposed(low)
        )
        try Layers.multiply(&dB, by: adapter.scaling)
        var dLow = try Contraction.product(dOutput, pair.b)
        try Layers.multiply(&dLow, by: adapter.scaling)
        let dA = try Contraction.product(
            Layers.transposed(dLow),
            transposed: Layers.transposed(tape.input(of: linear))
        )
        gradients[pair.index] = LoRAModuleGradient(a: dA, b: dB)
        return dLow
    }

    private func attentionGradients(
        _ dMixed: Matrix,
        _ tape: LayerTape
    ) throws(ExactMathError) -> (q: Matrix, k: Matrix, v: Matrix) {
        var q: [Matrix] = []
        var k: [Matrix] = []
        var v: [Matrix] = []
        for (index, range) in batch.ranges.enumerated() {
            var own = try model.attention.gradients(
                of: dMixed.rows(range),
                q: tape.q[index],
                k: tape.k[index],
                v: tape.v[index],
                probabilities: tape.probabilities[index]
            )
            try table.rotate(&own.q, inverse: true)
            try table.rotate(&own.k, inverse: true)
            q.append(own.q)
            k.append(own.k)
            v.append(own.v)
        }
        let widths = (model.configuration.queryWidth, model.configuration.keyWidth)
        return (
            .stacked(q, columns: widths.0), .stacked(k, columns: widths.1),
            .stacked(v, columns: widths.1)
        )
    }
}
