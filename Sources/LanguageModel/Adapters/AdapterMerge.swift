// A model with an adapter worked into its weights, as a Hugging Face folder.

package import ExactMath
import JSON

package enum AdapterMerge {
    package enum Failure: Error, Equatable {
        case adapter(LoRAAdapter.Failure)
        case weights(ModelLoadError)
        case arithmetic(ExactMathError)
    }

    /// `model.safetensors` of W + scaling · B A, with every tensor in float32 under Hugging Face's
    /// names; with magnitudes, the rows of that brought to them (DoRA). Sums over the rank in
    /// float64 in ascending order, rounded once.
    package static func safetensors(
        _ source: some TensorSource,
        _ configuration: ModelConfiguration,
        _ adapter: LoRAAdapter
    ) throws(Failure) -> [UInt8] {
        do {
            try adapter.validate(for: configuration)
        } catch {
            throw .adapter(error)
        }
        var modules: [String: LoRAModule] = [:]
        for module in adapter.modules { modules[module.site.path + ".weight"] = module }
        var items: [SafetensorsItem] = []
        for name in configuration.tensorNames {
            var matrix: Matrix
            do {
                matrix = try source.matrix(named: name)
            } catch {
                throw .weights(error)
            }
            if let module = modules[name] {
                do {
                    try Layers.merge(
                        module.b,
                        module.a,
                        scale: adapter.scaling(of: module),
                        magnitude: module.magnitude,
                        into: &matrix
                    )
                } catch {
                    throw .arithmetic(error)
                }
            }
            items.append(SafetensorsItem(tensor(name, matrix, configuration)))
        }
        return SafetensorsWriter.write(items, metadata: [("format", "pt")])
    }

    private static func tensor(
        _ name: String,
        _ matrix: Matrix,
        _ configuration: ModelConfiguration
    ) -> NamedTensor {
        let isMatrix = configuration.isMatrix(name)
        let stored =
            configuration.isStoredTransposed(name) ? Layers.transposed(matrix) : matrix
        return NamedTensor(
            name: TensorName(name),
            shape: isMatrix ? [stored.rows, stored.columns] : [stored.columns],
            values: stored.values
        )
    }
}

extension ModelConfiguration {
    /// Whether a weight's name is that of a matrix: all others are vectors.
    func isMatrix(_ name: String) -> Bool {
        let names = family.names
        return name == names.embedding || name == names.positions
            || name == DecoderTensorNames.head
            || description.linears.contains { name.hasSuffix(".\($0.moduleName).weight") }
    }

    /// Whether Hugging Face stores a weight as [in, out].
    func isStoredTransposed(_ name: String) -> Bool {
        description.linears.contains {
            $0.isStoredTransposed && name.hasSuffix(".\($0.moduleName).weight")
        }
    }
}

extension ModelConfiguration {
    /// `config.json` of a model with these sizes and float32 weights, which transformers 4 and 5
    /// read; nil where rotary frequencies are scaled otherwise than all alike.
    package var huggingFaceJSON: [UInt8]? {
        var members: [JSONObject.Member] = [
            .init(key: "dtype", value: "float32"),
            .init(key: "torch_dtype", value: "float32"),
            .init(key: "tie_word_embeddings", value: .bool(tiedEmbeddings)),
            .init(key: "vocab_size", value: .integer(vocabulary)),
            .init(key: "bos_token_id", value: beginningOfSequence.map { .integer($0) } ?? .null),
            .init(key: "eos_token_id", value: endOfSequenceJSON),
        ]
        guard let own = family == .gpt2 ? gpt2Members : llamaMembers else { return nil }
        members += own
        members.sort { $0.key < $1.key }
        return Array(JSON.object(JSONObject(members)).prettyText.utf8)
    }

    private var endOfSequenceJSON: JSON {
        guard let first = endOfSequence.first else { return .null }
        return endOfSequence.count == 1
            ? .integer(first) : .array(endOfSequence.map { .integer($0) })
    }

    private var gpt2Members: [JSONObject.Member]? {
        guard let epsilon = JSONNumber(normEpsilon) else { return nil }
        return [
            .init(key: "architectures", value: ["GPT2LMHeadModel"]),
            .init(key: "model_type", value: "gpt2"),
            .init(key: "activation_function", value: "gelu_new"),
            .init(key: "n_embd", value: .integer(hiddenSize)),
            .init(key: "n_head", value: .integer(heads)),
            .init(key: "n_inner", value: .integer(intermediateSize)),
            .init(key: "n_layer", value: .integer(layers)),
            .init(key: "n_positions", value: .integer(contextLength)),
            .init(key: "layer_norm_epsilon", value: .number(epsilon)),
        ]
    }

    private var llamaMembers: [JSONObject.Member]? {
        guard let epsilon = JSONNumber(normEpsilon), let base = JSONNumber(ropeBase) else {
            return nil
        }
        var scaling = JSON.null
        if let factor = ropeDivisors.first {
            guard ropeDivisors.allSatisfy({ $0 == factor }), let number = JSONNumber(Double(factor))
            else { return nil }
            scaling = ["rope_type": "linear", "type": "linear", "factor": .number(number)]
        }
        let types: [DecoderFamily: (String, String)] = [
            .qwen2: ("Qwen2ForCausalLM", "qwen2"), .qwen3: ("Qwen3ForCausalLM", "qwen3"),
        ]
        let (architecture, type) = types[family] ?? ("LlamaForCausalLM", "llama")
        return [
            .init(key: "architectures", value: [.string(architecture)]),
            .init(key: "model_type", value: .string(type)),
            .init(key: "hidden_act", value: "silu"),
            .init(key: "hidden_size", value: .integer(hiddenSize)),
            .init(key: "num_hidden_layers", value: .integer(layers)),
            .init(key: "num_attention_heads", value: .integer(heads)),
            .init(key: "num_key_value_heads", value: .integer(kvHeads)),
            .init(key: "head_dim", value: .integer(headDimension)),
            .init(key: "intermediate_size", value: .integer(intermediateSize)),
            .init(key: "max_position_embeddings", value: .integer(contextLength)),
            .init(key: "rms_norm_eps", value: .number(epsilon)),
            .init(key: "rope_theta", value: .number(base)),
            .init(key: "rope_scaling", value: scaling),
        ]
    }
}
