// The backward pass: gradients of the LoRA pairs only. Frozen matrices pass gradients on with
// their row scales folded into the gradient, so one fixed-point copy of a weight serves both ways.

import ExactMath

/// One backward pass: the gradients found so far.
struct DecoderBackward {
    let model: DecoderModel
    let adapter: PreparedAdapter
    let batch: SequenceBatch
    /// Nil for a family whose positions are learned.
    let table: RotaryTable?
    /// In the order of the adapter's modules.
    var gradients: [LoRAModuleGradient?]

    init(
        _ model: DecoderModel,
        _ adapter: PreparedAdapter,
        _ batch: SequenceBatch,
        _ table: RotaryTable?
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
        _ layers: [LayerMemory],
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) {
        var gradient = output
        for layer in stride(from: layers.count - 1, through: adapter.lowestLayer, by: -1) {
            try passLayer(layer, tape(layer, layers[layer]), &gradient, &trace)
        }
    }

    private func tape(
        _ layer: Int,
        _ memory: LayerMemory
    ) throws(ExactMathError) -> LayerTape {
        switch memory {
        case .tape(let tape): return tape
        case .input(var x):
            // The first pass has traced these products.
            var unused = ComputationTrace()
            return try model.record(layer, &x, batch, table, adapter, &unused)
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
        let description = model.configuration.description
        let rows = gradient.rows
        let hidden = model.configuration.hiddenSize
        let dActive = try passed(gradient, layer, description.feedForwardOutput, tape, &trace)
        let inner = try tape.feedForward.gradients(of: dActive)
        var dNorm = Matrix(rows: rows, columns: hidden)
        for (matrix, own) in zip(description.feedForwardInput, inner) {
            try Layers.add(passed(own, layer, matrix, tape, &trace), to: &dNorm)
        }
        try own.feedForwardNorm.addGradient(
            of: dNorm,
            input: tape.middle,
            inverse: tape.feedForwardNorm.inverse,
            to: &gradient
        )

        let dMixed = try passed(gradient, layer, description.attentionOutput, tape, &trace)
        let outputs = try attentionGradients(dMixed, layer, tape)
        // Nothing below the lowest pair needs this layer's input gradient.
        guard layer > adapter.lowestLayer else {
            for (matrix, own) in zip(description.attentionInput, outputs) {
                try addPairGradient(own, layer, matrix, tape)
            }
            return
        }
        var dInput = Matrix(rows: rows, columns: hidden)
        for (matrix, own) in zip(description.attentionInput, outputs) {
            try Layers.add(passed(own, layer, matrix, tape, &trace), to: &dInput)
        }
        try own.attentionNorm.addGradient(
            of: dInput,
            input: tape.input,
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
            let dEntering = try Contraction.product(dLow, pair.a)
            try Layers.add(
                adapter.dropped(dEntering, layer, linear) ?? dEntering,
                to: &dInput
            )
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
        try Layers.multiply(&dB, by: pair.scaling)
        var dLow = try Contraction.product(dOutput, pair.b)
        try Layers.multiply(&dLow, by: pair.scaling)
        let input = tape.input(of: linear)
        let dA = try Contraction.product(
            Layers.transposed(dLow),
            transposed: Layers.transposed(adapter.dropped(input, layer, linear) ?? input)
        )
        gradients[pair.index] = LoRAModuleGradient(a: dA, b: dB)
        return dLow
    }

    /// The gradients of what `attentionInput` gave, in its order.
    private func attentionGradients(
        _ dMixed: Matrix,
        _ layer: Int,
        _ tape: LayerTape
    ) throws(ExactMathError) -> [Matrix] {
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
            try table?.rotate(&own.q, inverse: true)
            try table?.rotate(&own.k, inverse: true)
            q.append(own.q)
            k.append(own.k)
            v.append(own.v)
        }
        let configuration = model.configuration
        var heads = HeadRows(
            q: .stacked(q, columns: configuration.queryWidth),
            k: .stacked(k, columns: configuration.keyWidth),
            v: .stacked(v, columns: configuration.keyWidth)
        )
        if let norms = model.weights.layers[layer].headNorms, let own = tape.headNorms {
            try heads.q.passHeadNorm(norms.query, input: own.q, inverse: own.qInverse)
            try heads.k.passHeadNorm(norms.key, input: own.k, inverse: own.kInverse)
        }
        guard configuration.description.attentionInput.count == 1 else {
            return [heads.q, heads.k, heads.v]
        }
        return [.beside([heads.q, heads.k, heads.v], rows: heads.q.rows)]
    }
}

extension Matrix {
    /// Turns the gradient of normalised heads into that of the heads.
    fileprivate mutating func passHeadNorm(
        _ norm: NormWeights,
        input: Matrix,
        inverse: [Double]
    ) throws(ExactMathError) {
        var sum = Matrix(rows: input.rows, columns: input.columns)
        try norm.addGradient(
            of: reshaped(width: input.columns),
            input: input,
            inverse: inverse,
            to: &sum
        )
        values = sum.values
    }
}
