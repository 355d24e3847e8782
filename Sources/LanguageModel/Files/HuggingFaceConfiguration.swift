// `config.json` of a Llama-family model. Settings that would change the computation are read or
// refused; the many that do not are ignored.

package import JSON

package enum ModelFileError: Error, Equatable {
    case invalidJSON(JSONError)
    case invalidGGUF(GGUFError)
    case invalidWeights(SafetensorsError)
    /// A key is absent or of the wrong kind.
    case invalidKey(String)
    /// A key has a value that asks for what we do not compute.
    case unsupported(key: String, value: String)
    /// A tensor that the computation would leave out.
    case unexpectedTensor(TensorName)
    case invalidShape(ModelConfiguration.Failure)
}

extension ModelConfiguration {
    package static let fileLimit = 1 << 18

    package init(huggingFace bytes: [UInt8]) throws(ModelFileError) {
        let file = try HuggingFaceFile(bytes)
        try file.checkArchitecture()
        let hidden = try file.integer("hidden_size")
        let heads = try file.integer("num_attention_heads")
        guard heads > 0 else { throw .invalidKey("num_attention_heads") }
        let kvHeads = try file.optionalInteger("num_key_value_heads") ?? heads
        let headDimension = try file.optionalInteger("head_dim") ?? hidden / heads
        let layers = try file.integer("num_hidden_layers")
        let intermediate = try file.integer("intermediate_size")
        let vocabulary = try file.integer("vocab_size")
        let context = try file.integer("max_position_embeddings")
        let ropeBase = try file.ropeBase()
        let epsilon = try file.real("rms_norm_eps")
        let tied = file.object["tie_word_embeddings"]?.bool ?? false
        let beginning = try file.optionalInteger("bos_token_id")
        let ends = try file.integers("eos_token_id")
        do {
            try self.init(
                hiddenSize: hidden,
                layers: layers,
                heads: heads,
                kvHeads: kvHeads,
                headDimension: headDimension,
                intermediateSize: intermediate,
                vocabulary: vocabulary,
                contextLength: context,
                ropeBase: ropeBase,
                normEpsilon: epsilon,
                tiedEmbeddings: tied,
                beginningOfSequence: beginning,
                endOfSequence: ends
            )
        } catch {
            throw .invalidShape(error)
        }
    }
}

/// The reads that `config.json` needs.
private struct HuggingFaceFile {
    let object: JSONObject

    init(_ bytes: [UInt8]) throws(ModelFileError) {
        let root: JSON
        do {
            root = try JSON.parse(bytes, byteLimit: ModelConfiguration.fileLimit)
        } catch {
            throw .invalidJSON(error)
        }
        guard let object = root.object else { throw .invalidKey("config.json") }
        self.object = object
    }

    func checkArchitecture() throws(ModelFileError) {
        for (key, allowed) in [("model_type", "llama"), ("hidden_act", "silu")] {
            guard let value = object[key] else { throw .invalidKey(key) }
            guard value.string == allowed else { throw unsupported(key, value) }
        }
        // Off in every model that we compute; on, they would change it.
        for key in ["attention_bias", "mlp_bias", "quantization_config", "sliding_window"] {
            if let value = object[key], value != .null, value != false {
                throw unsupported(key, value)
            }
        }
        if let value = object["pretraining_tp"], value != .null, value != 1 {
            throw unsupported("pretraining_tp", value)
        }
    }

    /// `rope_theta` with no scaling, or `rope_parameters` in files of transformers 5.
    func ropeBase() throws(ModelFileError) -> Double {
        if let scaling = object["rope_scaling"], scaling != .null {
            throw unsupported("rope_scaling", scaling)
        }
        if let value = object["rope_parameters"], value != .null {
            let type = value["rope_type"] ?? "default"
            guard type == "default" else { throw unsupported("rope_parameters", value) }
            guard let base = value["rope_theta"]?.double else {
                throw .invalidKey("rope_parameters.rope_theta")
            }
            return base
        }
        return object["rope_theta"] == nil ? 10_000 : try real("rope_theta")
    }

    func integer(_ key: String) throws(ModelFileError) -> Int {
        guard let value = try optionalInteger(key) else { throw .invalidKey(key) }
        return value
    }

    func optionalInteger(_ key: String) throws(ModelFileError) -> Int? {
        guard let value = object[key], value != .null else { return nil }
        guard let number = value.integer(Int.self) else { throw .invalidKey(key) }
        return number
    }

    /// A number, a list of numbers, or nothing.
    func integers(_ key: String) throws(ModelFileError) -> [Int] {
        guard let items = object[key]?.array else {
            return try optionalInteger(key).map { [$0] } ?? []
        }
        var numbers: [Int] = []
        for item in items {
            guard let number = item.integer(Int.self) else { throw .invalidKey(key) }
            numbers.append(number)
        }
        return numbers
    }

    func real(_ key: String) throws(ModelFileError) -> Double {
        guard let value = object[key]?.double else { throw .invalidKey(key) }
        return value
    }

    private func unsupported(_ key: String, _ value: JSON) -> ModelFileError {
        .unsupported(key: key, value: String(value.compactText.prefix(120)))
    }
}
