// An adapter in the form that products use.

import ExactMath

/// An adapter that fits its model, with A and B rounded to fixed point once.
package struct PreparedAdapter: Sendable {
    struct Pair: Sendable {
        let index: Int
        /// [rank, in]
        let a: QuantizedMatrix
        /// [out, rank]
        let b: QuantizedMatrix
        let scaling: Float
        /// DoRA's magnitude over the norm of W + scaling · B A, for each output.
        let stretch: [Float]?
    }

    package let rank: Int
    /// The lowest layer that has a pair: below it no gradient is needed.
    let lowestLayer: Int
    let moduleCount: Int
    /// Masks on what enters the pairs, while training with dropout.
    var dropout: DropoutMasks?
    /// The path of a pair with magnitudes, whose gradients are not computed.
    let untrained: String?
    /// Indexed by layer, then matrix.
    private let pairs: [Pair?]

    /// - Throws: `hasMagnitudes` for a DoRA adapter, whose form needs the model's weights.
    package init(
        _ adapter: LoRAAdapter,
        for configuration: ModelConfiguration
    ) throws(ModelError) {
        if let module = adapter.modules.first(where: { $0.magnitude != nil }) {
            throw .adapterMismatch(.hasMagnitudes(module.site.path))
        }
        try self.init(adapter, configuration, nil)
    }

    package init(_ adapter: LoRAAdapter, for model: DecoderModel) throws(ModelError) {
        try self.init(adapter, model.configuration, model.weights)
    }

    private init(
        _ adapter: LoRAAdapter,
        _ configuration: ModelConfiguration,
        _ weights: ModelWeights?
    ) throws(ModelError) {
        do throws(LoRAAdapter.Failure) {
            try adapter.validate(for: configuration)
        } catch {
            throw .adapterMismatch(error)
        }
        let perLayer = LinearLayer.allCases.count
        var pairs = [Pair?](repeating: nil, count: configuration.layers * perLayer)
        do throws(ExactMathError) {
            for (index, module) in adapter.modules.enumerated() {
                let slot = module.site.layer * perLayer + Int(module.site.linear.rawValue)
                let scaling = adapter.scaling(of: module)
                var stretch: [Float]?
                if let magnitude = module.magnitude, let weights {
                    let own = weights.layers[module.site.layer][module.site.linear]
                    let norms = try Layers.sumNorms(own, plus: module.b, module.a, scale: scaling)
                    stretch = zip(magnitude, norms).map { Float(Double($0) / $1) }
                }
                pairs[slot] = Pair(
                    index: index,
                    a: try QuantizedMatrix(module.a),
                    b: try QuantizedMatrix(module.b),
                    scaling: scaling,
                    stretch: stretch
                )
            }
        } catch {
            throw .arithmetic(error)
        }
        self.pairs = pairs
        rank = adapter.rank
        moduleCount = adapter.modules.count
        lowestLayer = adapter.modules.first?.site.layer ?? 0
        untrained = adapter.modules.first { $0.magnitude != nil }?.site.path
    }

    func pair(_ layer: Int, _ linear: LinearLayer) -> Pair? {
        pairs[layer * LinearLayer.allCases.count + Int(linear.rawValue)]
    }
}
