import ExactMath
import LanguageModel
import Primitives

/// A Llama with random weights from a fixed seed, and records to train on.
struct SyntheticModel: TensorSource {
    let configuration: ModelConfiguration

    init(hidden: Int, layers: Int, heads: Int, feedForward: Int, vocabulary: Int) throws {
        configuration = try ModelConfiguration(
            hiddenSize: hidden,
            layers: layers,
            heads: heads,
            kvHeads: max(1, heads / 2),
            headDimension: hidden / heads,
            intermediateSize: feedForward,
            vocabulary: vocabulary,
            contextLength: 512,
            ropeBase: 10_000,
            normEpsilon: 1e-5,
            tiedEmbeddings: true,
            beginningOfSequence: nil,
            endOfSequence: [1]
        )
    }

    func model() throws -> DecoderModel {
        DecoderModel(try ModelWeights(configuration: configuration, source: self))
    }

    func matrix(named name: String) throws(ModelLoadError) -> Matrix {
        var shape = (rows: configuration.vocabulary, columns: configuration.hiddenSize)
        let isNorm = name.contains("norm")
        if isNorm { shape.rows = 1 }
        for linear in configuration.description.linears where name.contains(linear.moduleName) {
            shape = configuration.shape(of: linear)
        }
        let stream = name.utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
        let words = KeyedGenerator(seed: .zero, domain: 1, stream: stream)
            .words(from: 0, count: shape.rows * shape.columns)
        let values = words.map { word in
            let value = Float(Int64(bitPattern: word) >> 40) / Float(1 << 26)
            return isNorm ? 1 + value : value
        }
        return Matrix(rows: shape.rows, columns: shape.columns, values: values)
    }

    func records(_ count: Int, length: Int) -> [TokenizedRecord] {
        var generator = KeyedGenerator(seed: .zero, domain: 2)
        return (0..<count).compactMap { _ in
            let tokens = (0..<length).map { _ in
                UInt32(2 + generator.next(below: UInt64(configuration.vocabulary - 2)))
            }
            return TokenizedRecord(tokens: tokens, completionStart: length / 4)
        }
    }
}
