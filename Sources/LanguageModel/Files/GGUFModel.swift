// A model in one GGUF file: shape from the keys of its architecture, weights under GGUF's names.
// For the architecture `llama` the rows of q and k are stored for rotary pairs (2i, 2i+1); the
// computation has Hugging Face's (i, i + d/2), so they are moved back when a matrix is read. LoRA's
// B depends on that order.

package import ExactMath

package struct GGUFModel: TensorSource, Sendable {
    package let file: GGUFFile
    package let configuration: ModelConfiguration
    /// GGUF's name of each tensor by Hugging Face's.
    private let names: [String: String]

    package init(_ file: GGUFFile) throws(ModelFileError) {
        self.file = file
        let configuration = try GGUFShape(file).configuration()
        self.configuration = configuration
        var names: [String: String] = [:]
        for name in configuration.tensorNames {
            names[name] = GGUFNames.name(of: name, in: configuration.family)
        }
        self.names = names
        var known = Set(names.values)
        if configuration.family == .llama { known.insert(GGUFShape.divisors) }
        if let extra = file.entries.first(where: { !known.contains($0.name.text) }) {
            throw .unexpectedTensor(extra.name)
        }
    }

    package func matrix(named name: String) throws(ModelLoadError) -> Matrix {
        guard let own = names[name], let entry = file.entry(named: TensorName(own)) else {
            throw .missingTensor(name)
        }
        let values: [Float]
        do {
            values = try file.floats(of: entry)
        } catch GGUFError.notFinite {
            throw .notFinite(name)
        } catch {
            throw .unreadable(name, reason: "\(error)")
        }
        let matrix = try Matrix(shape: entry.shape, values: values, name: name)
        guard let heads = interleavedHeads(of: name) else { return matrix }
        var ordered: [Float] = []
        ordered.reserveCapacity(values.count)
        for source in try rowOrder(matrix.rows, matrix.columns, heads, name) {
            ordered += matrix.values[source * matrix.columns..<(source + 1) * matrix.columns]
        }
        return Matrix(rows: matrix.rows, columns: matrix.columns, values: ordered)
    }

    package func operand(named name: String) throws(ModelLoadError) -> QuantizedMatrix {
        guard let own = names[name], let entry = file.entry(named: TensorName(own)) else {
            throw .missingTensor(name)
        }
        guard let coded = file.codedRows(of: entry) else {
            return try rounded(matrix(named: name), name)
        }
        guard let heads = interleavedHeads(of: name) else { return QuantizedMatrix(coded) }
        let order = try rowOrder(coded.rows, coded.columns, heads, name)
        do {
            return QuantizedMatrix(try coded.reordered(order))
        } catch {
            throw .notFinite(name)
        }
    }

    /// The heads of a matrix whose rows lie in rotary pairs, or nil.
    private func interleavedHeads(of name: String) -> Int? {
        guard configuration.family == .llama else { return nil }
        if name.hasSuffix(LinearLayer.query.moduleName + ".weight") { return configuration.heads }
        if name.hasSuffix(LinearLayer.key.moduleName + ".weight") { return configuration.kvHeads }
        return nil
    }

    /// Row `2i + j` of a head becomes row `j · d/2 + i`.
    private func rowOrder(
        _ rows: Int,
        _ columns: Int,
        _ heads: Int,
        _ name: String
    ) throws(ModelLoadError) -> [Int] {
        let width = configuration.headDimension
        guard rows == heads * width else {
            let expected = [heads * width, configuration.hiddenSize]
            throw .wrongShape(name, expected: expected, found: [rows, columns])
        }
        return (0..<rows).map { row in
            let inside = row % width
            return row - inside + inside % (width / 2) * 2 + inside / (width / 2)
        }
    }
}

/// GGUF's names for tensors of Hugging Face's names.
enum GGUFNames {
    static func name(of name: String, in family: DecoderFamily) -> String? {
        let names = family.names
        let whole = [
            names.embedding: "token_embd.weight", DecoderTensorNames.head: "output.weight",
            names.finalNorm + ".weight": "output_norm.weight",
            names.finalNorm + ".bias": "output_norm.bias",
        ]
        if let found = whole[name] { return found }
        if name == names.positions { return "position_embd.weight" }
        guard name.hasPrefix(names.layers), let dot = name.lastIndex(of: ".") else { return nil }
        let parts = name[..<dot].dropFirst(names.layers.count)
            .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let stem = stem(String(parts[1]), names) else { return nil }
        return "blk.\(parts[0]).\(stem)\(name[dot...])"
    }

    private static func stem(_ module: String, _ names: DecoderTensorNames) -> String? {
        switch module {
        case names.attentionNorm: "attn_norm"
        case names.feedForwardNorm: "ffn_norm"
        case DecoderTensorNames.queryNorm: "attn_q_norm"
        case DecoderTensorNames.keyNorm: "attn_k_norm"
        default: LinearLayer.allCases.first { $0.moduleName == module }.map { Self.stem($0) }
        }
    }

    static func stem(_ linear: LinearLayer) -> String {
        switch linear {
        case .query: "attn_q"
        case .key: "attn_k"
        case .value: "attn_v"
        case .fusedAttention: "attn_qkv"
        case .output, .fusedOutput: "attn_output"
        case .gate: "ffn_gate"
        case .up, .plainUp: "ffn_up"
        case .down, .plainDown: "ffn_down"
        }
    }
}

/// The shape of a model from the keys of its architecture.
struct GGUFShape {
    /// Divisors of rotary frequencies (Llama 3.1 and later), [headDimension / 2].
    static let divisors = "rope_freqs.weight"

    let file: GGUFFile
    let architecture: String
    let family: DecoderFamily

    init(_ file: GGUFFile) throws(ModelFileError) {
        self.file = file
        do {
            architecture = String(
                decoding: try file.string("general.architecture"),
                as: UTF8.self
            )
        } catch {
            throw .invalidGGUF(error)
        }
        switch architecture {
        case "llama": family = .llama
        case "qwen2": family = .qwen2
        case "qwen3": family = .qwen3
        case "gpt2": family = .gpt2
        default: throw .unsupported(key: "general.architecture", value: architecture)
        }
    }

    func configuration() throws(ModelFileError) -> ModelConfiguration {
        guard let embedding = file.entry(named: "token_embd.weight") else {
            throw .invalidGGUF(.missingTensor("token_embd.weight"))
        }
        let hidden = try integer("embedding_length")
        let heads = try integer("attention.head_count")
        guard heads > 0 else { throw .invalidKey("\(architecture).attention.head_count") }
        let context = try integer("context_length")
        let width = try optionalInteger("attention.key_length") ?? hidden / heads
        let isRotary = family.description.positions == .rotary
        for key in ["attention.value_length", "rope.dimension_count"] where isRotary {
            if let value = try optionalInteger(key), value != width {
                throw .unsupported(key: "\(architecture).\(key)", value: String(value))
            }
        }
        if let window = try optionalInteger("attention.sliding_window"), window < context {
            let key = "\(architecture).attention.sliding_window"
            throw .unsupported(key: key, value: String(window))
        }
        let epsilon = isRotary ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"
        let sizes = try (
            integer("block_count"), optionalInteger("attention.head_count_kv") ?? heads,
            integer("feed_forward_length"), real(epsilon)
        )
        let base = isRotary ? try optionalReal("rope.freq_base") ?? 10_000 : 1
        let divisors = isRotary ? try ropeDivisors(width) : []
        let tokens = try (token("bos_token_id"), token("eos_token_id"))
        do {
            return try ModelConfiguration(
                family: family,
                hiddenSize: hidden,
                layers: sizes.0,
                heads: heads,
                kvHeads: sizes.1,
                headDimension: width,
                intermediateSize: sizes.2,
                vocabulary: embedding.shape.first ?? 0,
                contextLength: context,
                ropeBase: base,
                ropeDivisors: divisors,
                normEpsilon: sizes.3,
                tiedEmbeddings: file.entry(named: "output.weight") == nil,
                beginningOfSequence: tokens.0,
                endOfSequence: tokens.1.map { [$0] } ?? []
            )
        } catch {
            throw .invalidShape(error)
        }
    }

    private func ropeDivisors(_ width: Int) throws(ModelFileError) -> [Float] {
        let key = "\(architecture).rope.scaling.type"
        if let value = file.value(key), value != .string(Array("none".utf8)) {
            guard value == .string(Array("linear".utf8)) else {
                throw .unsupported(key: key, value: "\(value)")
            }
            guard let factor = try optionalReal("rope.scaling.factor"), factor >= 1,
                factor <= 65_536, width > 0, width <= 1 << 10
            else { throw .invalidKey("\(architecture).rope.scaling.factor") }
            return RotaryScaling.linear(factor: factor)
                .divisors(headDimension: width, base: 1)
        }
        guard family == .llama, let entry = file.entry(named: TensorName(Self.divisors)) else {
            return []
        }
        do {
            return try file.floats(of: entry)
        } catch {
            throw .invalidGGUF(error)
        }
    }

    private func integer(_ key: String) throws(ModelFileError) -> Int {
        do {
            return try file.integer("\(architecture).\(key)")
        } catch {
            throw .invalidGGUF(error)
        }
    }

    private func optionalInteger(_ key: String) throws(ModelFileError) -> Int? {
        file.value("\(architecture).\(key)") == nil ? nil : try integer(key)
    }

    private func real(_ key: String) throws(ModelFileError) -> Double {
        do {
            return try file.real("\(architecture).\(key)")
        } catch {
            throw .invalidGGUF(error)
        }
    }

    private func optionalReal(_ key: String) throws(ModelFileError) -> Double? {
        file.value("\(architecture).\(key)") == nil ? nil : try real(key)
    }

    private func token(_ key: String) throws(ModelFileError) -> Int? {
        guard file.value("tokenizer.ggml.\(key)") != nil else { return nil }
        do {
            return try file.integer("tokenizer.ggml.\(key)")
        } catch {
            throw .invalidGGUF(error)
        }
    }
}
