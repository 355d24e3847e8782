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
    }

    package let scaling: Float
    package let rank: Int
    /// The lowest layer that has a pair: below it no gradient is needed.
    let lowestLayer: Int
    let moduleCount: Int
    /// Masks on what enters the pairs, while training with dropout.
    var dropout: DropoutMasks?
    /// Indexed by layer · 7 + matrix.
    private let pairs: [Pair?]

    package init(
        _ adapter: LoRAAdapter,
        for configuration: ModelConfiguration
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
                pairs[slot] = Pair(
                    index: index,
                    a: try QuantizedMatrix(module.a),
                    b: try QuantizedMatrix(module.b)
                )
            }
        } catch {
            throw .arithmetic(error)
        }
        self.pairs = pairs
        scaling = adapter.scaling
        rank = adapter.rank
        moduleCount = adapter.modules.count
        lowestLayer = adapter.modules.first?.site.layer ?? 0
    }

    func pair(_ layer: Int, _ linear: LinearLayer) -> Pair? {
        pairs[layer * LinearLayer.allCases.count + Int(linear.rawValue)]
    }
}
