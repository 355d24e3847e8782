// The frozen weights of a base model, in the one form that every product uses.

package import ExactMath

/// The weights of one norm: RMSNorm without a bias, LayerNorm with one.
package struct NormWeights: Sendable {
    package let weight: [Float]
    package let bias: [Float]?

    func apply(_ x: Matrix, epsilon: Double) throws(ExactMathError) -> NormalizedRows {
        try Layers.norm(x, weight: weight, bias: bias, epsilon: epsilon)
    }

    /// Adds the gradient through the norm of `x`, whose rows gave `inverse`, to `sum`.
    func addGradient(
        of dy: Matrix,
        input x: Matrix,
        inverse: [Double],
        to sum: inout Matrix
    ) throws(ExactMathError) {
        try Layers.addNormGradient(
            of: dy,
            input: x,
            weight: weight,
            inverse: inverse,
            isCentred: bias != nil,
            to: &sum
        )
    }
}

/// One matrix and, in some families, its bias.
package struct LinearWeights: Sendable {
    /// [out, in]
    package let matrix: QuantizedMatrix
    /// [out]
    package let bias: [Float]?
}

/// One decoder layer.
package struct LayerWeights: Sendable {
    package let attentionNorm: NormWeights
    package let feedForwardNorm: NormWeights
    /// Norms of each head of q and k.
    package let headNorms: (query: NormWeights, key: NormWeights)?
    /// Indexed by `LinearLayer.rawValue`; nil where the family has no such matrix.
    let linears: [LinearWeights?]

    /// - Precondition: the family has the matrix.
    package subscript(linear: LinearLayer) -> QuantizedMatrix { weights(of: linear).matrix }

    package func bias(of linear: LinearLayer) -> [Float]? { weights(of: linear).bias }

    private func weights(of linear: LinearLayer) -> LinearWeights {
        guard let own = linears[Int(linear.rawValue)] else {
            preconditionFailure("the family has no \(linear.moduleName)")
        }
        return own
    }
}

/// All weights. Matrices are rounded to 20-bit rows once, here; the model computes with the
/// rounded values everywhere, the embedding included.
package struct ModelWeights: Sendable {
    package let configuration: ModelConfiguration
    /// [vocabulary, hidden]
    package let embedding: QuantizedMatrix
    /// [context, hidden] of a family with learned positions
    package let positions: QuantizedMatrix?
    package let layers: [LayerWeights]
    package let finalNorm: NormWeights
    /// [vocabulary, hidden], or nil when the embedding is the head.
    private let untiedHead: QuantizedMatrix?

    package var head: QuantizedMatrix { untiedHead ?? embedding }

    package init(
        configuration: ModelConfiguration,
        source: some TensorSource
    ) throws(ModelLoadError) {
        let reader = WeightReader(configuration: configuration, source: source)
        let names = configuration.family.names
        let hidden = configuration.hiddenSize
        let table = (rows: configuration.vocabulary, columns: hidden)
        self.configuration = configuration
        embedding = try reader.matrix(names.embedding, table)
        if let name = names.positions {
            positions = try reader.matrix(name, (configuration.contextLength, hidden))
        } else {
            positions = nil
        }
        finalNorm = try reader.norm(names.finalNorm, hidden)
        untiedHead =
            configuration.tiedEmbeddings
            ? nil : try reader.matrix(DecoderTensorNames.head, table)
        var layers: [LayerWeights] = []
        for index in 0..<configuration.layers { layers.append(try reader.layer(index)) }
        self.layers = layers
    }
}

/// Reads tensors by name and refuses those of another shape.
private struct WeightReader<Source: TensorSource> {
    let configuration: ModelConfiguration
    let source: Source

    func layer(_ index: Int) throws(ModelLoadError) -> LayerWeights {
        let names = configuration.family.names
        let description = configuration.description
        let prefix = "\(names.layers)\(index)."
        var linears = [LinearWeights?](repeating: nil, count: LinearLayer.allCases.count)
        for linear in description.linears {
            let name = prefix + linear.moduleName
            let shape = configuration.shape(of: linear)
            linears[Int(linear.rawValue)] = LinearWeights(
                matrix: try matrix(name + ".weight", shape),
                bias: description.biased.contains(linear)
                    ? try vector(name + ".bias", shape.rows) : nil
            )
        }
        var headNorms: (query: NormWeights, key: NormWeights)?
        if description.normalisesHeads {
            let width = configuration.headDimension
            headNorms = (
                try headNorm(prefix + DecoderTensorNames.queryNorm, width),
                try headNorm(prefix + DecoderTensorNames.keyNorm, width)
            )
        }
        return LayerWeights(
            attentionNorm: try norm(prefix + names.attentionNorm, configuration.hiddenSize),
            feedForwardNorm: try norm(prefix + names.feedForwardNorm, configuration.hiddenSize),
            headNorms: headNorms,
            linears: linears
        )
    }

    func norm(_ name: String, _ count: Int) throws(ModelLoadError) -> NormWeights {
        NormWeights(
            weight: try vector(name + ".weight", count),
            bias: configuration.description.norm == .layer
                ? try vector(name + ".bias", count) : nil
        )
    }

    private func headNorm(_ name: String, _ count: Int) throws(ModelLoadError) -> NormWeights {
        NormWeights(weight: try vector(name + ".weight", count), bias: nil)
    }

    func matrix(
        _ name: String,
        _ shape: (rows: Int, columns: Int)
    ) throws(ModelLoadError) -> QuantizedMatrix {
        let matrix = try source.operand(named: name)
        guard matrix.rows == shape.rows, matrix.columns == shape.columns else {
            throw .wrongShape(
                name,
                expected: [shape.rows, shape.columns],
                found: [matrix.rows, matrix.columns]
            )
        }
        return matrix
    }

    private func vector(_ name: String, _ count: Int) throws(ModelLoadError) -> [Float] {
        let matrix = try source.matrix(named: name)
        guard matrix.rows == 1, matrix.columns == count else {
            throw .wrongShape(name, expected: [1, count], found: [matrix.rows, matrix.columns])
        }
        guard matrix.isFinite else { throw .notFinite(name) }
        return matrix.values
    }
}
