// `config.json` of a model folder, in the spellings of transformers 4 and 5. Settings that would
// change the computation are read or refused; the many that do not are ignored.

package import JSON

package enum ModelFileError: Error, Equatable {
    case invalidJSON(JSONError)
    case invalidGGUF(GGUFError)
    case invalidWeights(SafetensorsError)
    case invalidQuantisation(NF4Error)
    /// A key is absent or of the wrong kind.
    case invalidKey(String)
    /// A key has a value that asks for what we do not compute.
    case unsupported(key: String, value: String)
    /// A tensor that the computation would leave out.
    case unexpectedTensor(TensorName)
    case invalidShape(ModelConfiguration.Failure)
    /// A tensor that two shards hold, or another shard than the index says.
    case misplacedTensor(TensorName)
    /// A file that a model's index names and that the folder does not have.
    case missingFile(String)
}

extension ModelConfiguration {
    package static let fileLimit = 1 << 18

    /// Reads `model_type` llama, mistral, qwen2, qwen3 and gpt2.
    package init(huggingFace bytes: [UInt8]) throws(ModelFileError) {
        let file = try HuggingFaceFile(bytes)
        guard let type = file.object["model_type"]?.string else { throw .invalidKey("model_type") }
        switch type {
        case "llama", "mistral": try self.init(llama: file, family: .llama, type)
        case "qwen2": try self.init(llama: file, family: .qwen2, type)
        case "qwen3": try self.init(llama: file, family: .qwen3, type)
        case "gpt2": try self.init(gpt2: file)
        default: throw file.unsupported("model_type")
        }
    }

    private init(
        llama file: HuggingFaceFile,
        family: DecoderFamily,
        _ type: String
    ) throws(ModelFileError) {
        try file.require("hidden_act", "silu")
        // Off in every model that we compute; on, they would change it.
        for key in ["attention_bias", "mlp_bias"] { try file.requireOff(key) }
        try file.requireReadableQuantisation()
        try file.requireValue("pretraining_tp", 1)
        let hidden = try file.integer("hidden_size")
        let heads = try file.integer("num_attention_heads")
        guard heads > 0 else { throw .invalidKey("num_attention_heads") }
        let context = try file.integer("max_position_embeddings")
        try file.refuseSlidingWindow(type, context: context)
        let headDimension =
            try file.optionalInteger("head_dim") ?? (family == .qwen3 ? 128 : hidden / heads)
        let kvHeads = try file.optionalInteger("num_key_value_heads")
        guard type == "llama" || kvHeads != nil else { throw .invalidKey("num_key_value_heads") }
        let base = try file.ropeBase()
        let scaling = try file.ropeScaling()
        guard base >= 1, base <= 1e12 else { throw .invalidKey("rope_theta") }
        guard headDimension > 0, headDimension <= 1 << 10 else { throw .invalidKey("head_dim") }
        let sizes = try (
            file.integer("num_hidden_layers"), file.integer("intermediate_size"),
            file.integer("vocab_size"), file.single("rms_norm_eps")
        )
        let tied = try file.bool("tie_word_embeddings") ?? false
        let tokens = try (file.optionalInteger("bos_token_id"), file.integers("eos_token_id"))
        do {
            try self.init(
                family: family,
                hiddenSize: hidden,
                layers: sizes.0,
                heads: heads,
                kvHeads: kvHeads ?? heads,
                headDimension: headDimension,
                intermediateSize: sizes.1,
                vocabulary: sizes.2,
                contextLength: context,
                ropeBase: base,
                ropeDivisors: scaling.divisors(headDimension: headDimension, base: base),
                normEpsilon: sizes.3,
                tiedEmbeddings: tied,
                beginningOfSequence: tokens.0,
                endOfSequence: tokens.1
            )
        } catch {
            throw .invalidShape(error)
        }
    }

    private init(gpt2 file: HuggingFaceFile) throws(ModelFileError) {
        // GPT2Config's own default; `gelu_pytorch_tanh` is the same function.
        if let value = file.object["activation_function"],
            value != "gelu_new", value != "gelu_pytorch_tanh"
        {
            throw file.unsupported("activation_function")
        }
        for key in [
            "add_cross_attention", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn",
            "quantization_config",
        ] { try file.requireOff(key) }
        try file.requireValue("scale_attn_weights", true)
        let hidden = try file.integer("n_embd")
        let heads = try file.integer("n_head")
        guard heads > 0, hidden.isMultiple(of: heads) else { throw .invalidKey("n_head") }
        guard hidden > 0, hidden <= 1 << 16 else { throw .invalidKey("n_embd") }
        let inner = try file.optionalInteger("n_inner") ?? 4 * hidden
        let positions = file.object["n_positions"] == nil ? "n_ctx" : "n_positions"
        let context = try file.integer(positions)
        let sizes = try (
            file.integer("n_layer"), file.integer("vocab_size"), file.single("layer_norm_epsilon")
        )
        let tied = try file.bool("tie_word_embeddings") ?? true
        let tokens = try (file.optionalInteger("bos_token_id"), file.integers("eos_token_id"))
        do {
            try self.init(
                family: .gpt2,
                hiddenSize: hidden,
                layers: sizes.0,
                heads: heads,
                kvHeads: heads,
                headDimension: hidden / heads,
                intermediateSize: inner,
                vocabulary: sizes.1,
                contextLength: context,
                ropeBase: 1,
                normEpsilon: sizes.2,
                tiedEmbeddings: tied,
                beginningOfSequence: tokens.0,
                endOfSequence: tokens.1
            )
        } catch {
            throw .invalidShape(error)
        }
    }
}

/// The reads that `config.json` needs.
struct HuggingFaceFile {
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

    func require(_ key: String, _ text: String) throws(ModelFileError) {
        guard let value = object[key] else { throw .invalidKey(key) }
        guard value.string == text else { throw unsupported(key) }
    }

    /// Throws unless `quantization_config` is absent or says NF4 of bitsandbytes.
    func requireReadableQuantisation() throws(ModelFileError) {
        guard let value = object["quantization_config"], value != .null else { return }
        let storage = value["bnb_4bit_quant_storage"]
        guard value["quant_method"] == "bitsandbytes", value["load_in_4bit"] == true,
            value["bnb_4bit_quant_type"] == "nf4", storage == nil || storage == "uint8"
        else { throw unsupported("quantization_config") }
    }

    func requireOff(_ key: String) throws(ModelFileError) {
        if let value = object[key], value != .null, value != false { throw unsupported(key) }
    }

    func requireValue(_ key: String, _ allowed: JSON) throws(ModelFileError) {
        if let value = object[key], value != .null, value != allowed { throw unsupported(key) }
    }

    /// A window counts only where a position can be further away than it reaches, and, in Qwen,
    /// only where it is used.
    func refuseSlidingWindow(_ type: String, context: Int) throws(ModelFileError) {
        for kind in object["layer_types"]?.array ?? [] where kind != "full_attention" {
            throw unsupported("layer_types")
        }
        if type.hasPrefix("qwen"), try bool("use_sliding_window") != true { return }
        // MistralConfig has a window unless the file says null.
        let absent = type == "mistral" && object["sliding_window"] == nil
        guard let window = absent ? 4_096 : try optionalInteger("sliding_window") else { return }
        guard window < context else { return }
        throw .unsupported(key: "sliding_window", value: String(window))
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

    func bool(_ key: String) throws(ModelFileError) -> Bool? {
        guard let value = object[key], value != .null else { return nil }
        guard let flag = value.bool else { throw .invalidKey(key) }
        return flag
    }

    func real(_ key: String) throws(ModelFileError) -> Double {
        guard let value = object[key]?.double else { throw .invalidKey(key) }
        return value
    }

    /// A number in float32, as GGUF keeps it and PyTorch computes with it.
    func single(_ key: String) throws(ModelFileError) -> Double {
        Double(Float(try real(key)))
    }

    func unsupported(_ key: String) -> ModelFileError {
        let value = object[key] ?? .null
        return .unsupported(key: key, value: String(value.compactText.prefix(120)))
    }
}

extension HuggingFaceFile {
    /// `rope_theta`, or in files of transformers 5 the one of `rope_parameters`.
    func ropeBase() throws(ModelFileError) -> Double {
        guard let value = object["rope_parameters"], value != .null else {
            return object["rope_theta"] == nil ? 10_000 : try real("rope_theta")
        }
        guard let base = value["rope_theta"]?.double else {
            throw .invalidKey("rope_parameters.rope_theta")
        }
        return base
    }

    /// `rope_scaling`, or the same keys in `rope_parameters`.
    func ropeScaling() throws(ModelFileError) -> RotaryScaling {
        let keys = ["rope_parameters", "rope_scaling"].filter {
            object[$0] != nil && object[$0] != .null
        }
        guard keys.count < 2 else { throw unsupported("rope_scaling") }
        guard let key = keys.first, let settings = object[key]?.object else { return .none }
        if let partial = settings["partial_rotary_factor"], partial.double != 1 {
            throw unsupported(key)
        }
        func real(_ name: String, _ range: ClosedRange<Double>) throws(ModelFileError) -> Double {
            guard let value = settings[name]?.double, range.contains(value) else {
                throw .invalidKey("\(key).\(name)")
            }
            return value
        }
        switch (settings["rope_type"] ?? settings["type"])?.string ?? "default" {
        case "default": return .none
        case "linear": return .linear(factor: try real("factor", 1...65_536))
        case "llama3":
            let low = try real("low_freq_factor", 0.0625...1_024)
            let high = try real("high_freq_factor", 0.0625...1_024)
            guard low < high else { throw .invalidKey("\(key).high_freq_factor") }
            return .llama3(
                factor: try real("factor", 1...65_536),
                lowFactor: low,
                highFactor: high,
                originalContext: try real("original_max_position_embeddings", 1...1e7)
            )
        default: throw unsupported(key)
        }
    }
}
