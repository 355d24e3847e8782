// What a model's files say, for people and scripts.

package import JSON
import LanguageModel

package enum ModelInspection {
    /// Shape, tokens, root, and the tensors' types with how many there are of each.
    package static func describe(_ path: String) throws(WorkbenchError) -> JSON {
        let files = try LocalModel.files(path)
        let bundle = try LocalModel.bundle(of: files, at: path)
        let configuration = bundle.configuration
        let types = try types(files)
        let members: [JSONObject.Member] = [
            .init(key: "path", value: .string(path)),
            .init(key: "weights_root", value: .string("\(bundle.weightsRoot)")),
            .init(key: "parameters", value: .integer(types.reduce(0) { $0 + $1.elements })),
            .init(key: "family", value: .string("\(configuration.family)")),
            .init(key: "layers", value: .integer(configuration.layers)),
            .init(key: "hidden_size", value: .integer(configuration.hiddenSize)),
            .init(key: "heads", value: .integer(configuration.heads)),
            .init(key: "kv_heads", value: .integer(configuration.kvHeads)),
            .init(key: "head_dimension", value: .integer(configuration.headDimension)),
            .init(key: "intermediate_size", value: .integer(configuration.intermediateSize)),
            .init(key: "vocabulary", value: .integer(configuration.vocabulary)),
            .init(key: "context_length", value: .integer(configuration.contextLength)),
            .init(key: "rope_base", value: .real(configuration.ropeBase)),
            .init(key: "norm_epsilon", value: .real(configuration.normEpsilon)),
            .init(key: "tied_embeddings", value: .bool(configuration.tiedEmbeddings)),
            .init(
                key: "beginning_of_sequence",
                value: configuration.beginningOfSequence.map { .integer($0) } ?? .null
            ),
            .init(
                key: "end_of_sequence",
                value: .array(configuration.endOfSequence.map { .integer($0) })
            ),
            .init(key: "tokens", value: .integer(bundle.tokenizer.vocabularyCount)),
            .init(
                key: "tensors",
                value: .array(
                    types.map {
                        [
                            "type": .string($0.name), "count": .integer($0.count),
                            "elements": .integer($0.elements), "bytes": .integer($0.bytes),
                        ]
                    }
                )
            ),
        ]
        return .object(JSONObject(members))
    }

    private struct TensorType {
        let name: String
        var count = 0
        var elements = 0
        var bytes = 0

        mutating func add(_ shape: [Int], _ range: Range<Int>) {
            count += 1
            elements += shape.reduce(1, *)
            bytes += range.count
        }
    }

    private static func types(_ files: ModelBundle.Files) throws(WorkbenchError) -> [TensorType] {
        var types: [String: TensorType] = [:]
        do {
            switch files {
            case .gguf(let bytes):
                for entry in try GGUFFile(bytes).entries {
                    types[entry.type.name, default: .init(name: entry.type.name)]
                        .add(entry.shape, entry.range)
                }
            case .folder(_, _, let weights, _):
                for entry in try weights.flatMap({ try SafetensorsFile($0.bytes).entries }) {
                    types[entry.type.name, default: .init(name: entry.type.name)]
                        .add(entry.shape, entry.range)
                }
            }
        } catch {
            throw .badFile("the weights cannot be read: \(error)")
        }
        return types.values.sorted { $0.name < $1.name }
    }
}
