package import ExactMath
package import LanguageModel
package import Primitives

/// A small Llama with random weights, the same for the same seed.
package struct RandomLlama: TensorSource {
    package let configuration: ModelConfiguration
    package let seed: Digest

    package init(layers: Int = 2, vocabulary: Int = 61, tied: Bool = true) throws {
        configuration = try ModelConfiguration(
            hiddenSize: 48,
            layers: layers,
            heads: 4,
            kvHeads: 2,
            headDimension: 12,
            intermediateSize: 80,
            vocabulary: vocabulary,
            contextLength: 64,
            ropeBase: 10_000,
            normEpsilon: 1e-5,
            tiedEmbeddings: tied,
            beginningOfSequence: nil,
            endOfSequence: [1]
        )
        seed = Digest(repeatElement(7, count: 32)) ?? .zero
    }

    package func model() throws -> DecoderModel {
        DecoderModel(try ModelWeights(configuration: configuration, source: self))
    }

    package func matrix(named name: String) throws(ModelLoadError) -> Matrix {
        let (rows, columns) = shape(of: name)
        let stream = name.utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
        var generator = KeyedGenerator(seed: seed, domain: 1, stream: stream)
        let isNorm = name.contains("norm")
        let values = (0..<rows * columns).map { _ in
            isNorm ? 1 + generator.nextSymmetric() / 4 : generator.nextSymmetric() / 4
        }
        return Matrix(rows: rows, columns: columns, values: values)
    }

    private func shape(of name: String) -> (Int, Int) {
        for linear in LinearLayer.allCases where name.contains(linear.moduleName) {
            let shape = configuration.shape(of: linear)
            return (shape.rows, shape.columns)
        }
        if name.contains("norm") { return (1, configuration.hiddenSize) }
        return (configuration.vocabulary, configuration.hiddenSize)
    }

    /// An adapter on the given matrices with B not zero, so that every gradient is alive.
    package func adapter(_ targets: [LinearLayer], rank: Int = 3) throws -> LoRAAdapter {
        var modules: [LoRAModule] = []
        for layer in 0..<configuration.layers {
            for linear in targets {
                let shape = configuration.shape(of: linear)
                var generator = KeyedGenerator(
                    seed: seed,
                    domain: 2,
                    stream: UInt64(layer * 7) + UInt64(linear.rawValue)
                )
                let a = (0..<rank * shape.columns).map { _ in generator.nextSymmetric() / 8 }
                let b = (0..<rank * shape.rows).map { _ in generator.nextSymmetric() / 8 }
                modules.append(
                    LoRAModule(
                        site: LoRASite(layer: layer, linear: linear),
                        a: Matrix(rows: rank, columns: shape.columns, values: a),
                        b: Matrix(rows: shape.rows, columns: rank, values: b)
                    )
                )
            }
        }
        return try LoRAAdapter(rank: rank, alpha: 6, modules: modules)
    }

    /// Records in which each token follows from the one before, so that there is something to learn.
    package func records(_ count: Int, length: Int = 16) -> [TokenizedRecord] {
        var generator = KeyedGenerator(seed: seed, domain: 3)
        return (0..<count).compactMap { index in
            var token = UInt32(2 + generator.next(below: 50))
            let tokens = (0..<length + index % 5).map { _ in
                token = (token * 7 + 3) % 50 + 2
                return token
            }
            return TokenizedRecord(tokens: tokens, completionStart: 1 + index % 4)
        }
    }
}
