// The frozen weights of a base model, in the one form that every product uses.

package import ExactMath

/// One decoder layer.
package struct LayerWeights: Sendable {
    package let attentionNorm: [Float]
    package let feedForwardNorm: [Float]
    /// Indexed by `LinearLayer.rawValue`; each [out, in].
    let linears: [QuantizedMatrix]

    package subscript(linear: LinearLayer) -> QuantizedMatrix { linears[Int(linear.rawValue)] }
}

/// All weights. Matrices are rounded to 20-bit rows once, here; the model computes with the
/// rounded values everywhere, the embedding included.
package struct ModelWeights: Sendable {
    package let configuration: ModelConfiguration
    /// [vocabulary, hidden]
    package let embedding: QuantizedMatrix
    package let layers: [LayerWeights]
    package let finalNorm: [Float]
    /// [vocabulary, hidden], or nil when the embedding is the head.
    private let untiedHead: QuantizedMatrix?

    package var head: QuantizedMatrix { untiedHead ?? embedding }

    package init(
        configuration: ModelConfiguration,
        source: some TensorSource
    ) throws(ModelLoadError) {
        let hidden = configuration.hiddenSize
        let table = (rows: configuration.vocabulary, columns: hidden)
        self.configuration = configuration
        embedding = try Self.load("model.embed_tokens.weight", table, source)
        finalNorm = try Self.vector("model.norm.weight", hidden, source)
        untiedHead =
            configuration.tiedEmbeddings ? nil : try Self.load("lm_head.weight", table, source)
        var layers: [LayerWeights] = []
        for index in 0..<configuration.layers {
            let prefix = "model.layers.\(index)."
            var linears: [QuantizedMatrix] = []
            for linear in LinearLayer.allCases {
                linears.append(
                    try Self.load(
                        prefix + linear.moduleName + ".weight",
                        configuration.shape(of: linear),
                        source
                    )
                )
            }
            layers.append(
                LayerWeights(
                    attentionNorm: try Self.vector(
                        prefix + "input_layernorm.weight",
                        hidden,
                        source
                    ),
                    feedForwardNorm: try Self.vector(
                        prefix + "post_attention_layernorm.weight",
                        hidden,
                        source
                    ),
                    linears: linears
                )
            )
        }
        self.layers = layers
    }

    private static func load(
        _ name: String,
        _ shape: (rows: Int, columns: Int),
        _ source: some TensorSource
    ) throws(ModelLoadError) -> QuantizedMatrix {
        let matrix = try source.matrix(named: name)
        guard matrix.rows == shape.rows, matrix.columns == shape.columns else {
            throw .wrongShape(
                name,
                expected: [shape.rows, shape.columns],
                found: [matrix.rows, matrix.columns]
            )
        }
        do throws(ExactMathError) {
            return try QuantizedMatrix(matrix)
        } catch {
            throw .notFinite(name)
        }
    }

    private static func vector(
        _ name: String,
        _ count: Int,
        _ source: some TensorSource
    ) throws(ModelLoadError) -> [Float] {
        let matrix = try source.matrix(named: name)
        guard matrix.rows == 1, matrix.columns == count else {
            throw .wrongShape(name, expected: [1, count], found: [matrix.rows, matrix.columns])
        }
        guard matrix.isFinite else { throw .notFinite(name) }
        return matrix.values
    }
}
