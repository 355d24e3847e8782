// A Llama-family model in one GGUF file: shape from `llama.*` keys, weights under GGUF's names.
// The rows of q and k are stored for rotary pairs (2i, 2i+1); the computation has Hugging Face's
// (i, i + d/2), so they are moved back when a matrix is read. LoRA's B depends on that order.

package import ExactMath

package struct GGUFModel: TensorSource, Sendable {
    package let file: GGUFFile
    package let configuration: ModelConfiguration

    package init(_ file: GGUFFile) throws(ModelFileError) {
        self.file = file
        do {
            configuration = try Self.configuration(of: file)
        } catch let error as GGUFError {
            throw .invalidGGUF(error)
        } catch let error as ModelConfiguration.Failure {
            throw .invalidShape(error)
        } catch let error as ModelFileError {
            throw error
        } catch {
            throw .invalidKey("\(error)")
        }
        let known = Set(configuration.tensorNames.compactMap { Self.place(of: $0)?.name })
        if let extra = file.entries.first(where: { !known.contains($0.name.text) }) {
            throw .unexpectedTensor(extra.name)
        }
    }

    private static func configuration(of file: GGUFFile) throws -> ModelConfiguration {
        let architecture = String(
            decoding: try file.string("general.architecture"),
            as: UTF8.self
        )
        guard architecture == "llama" else {
            throw ModelFileError.unsupported(key: "general.architecture", value: architecture)
        }
        if let value = file.value("llama.rope.scaling.type"), value != .string(Array("none".utf8)) {
            throw ModelFileError.unsupported(key: "llama.rope.scaling.type", value: "\(value)")
        }
        guard let embedding = file.entry(named: "token_embd.weight") else {
            throw GGUFError.missingTensor("token_embd.weight")
        }
        let hidden = try file.integer("llama.embedding_length")
        let heads = try file.integer("llama.attention.head_count")
        guard heads > 0 else { throw GGUFError.wrongKind("llama.attention.head_count") }
        let end = try? file.integer("tokenizer.ggml.eos_token_id")
        return try ModelConfiguration(
            hiddenSize: hidden,
            layers: file.integer("llama.block_count"),
            heads: heads,
            kvHeads: (try? file.integer("llama.attention.head_count_kv")) ?? heads,
            headDimension: (try? file.integer("llama.attention.key_length")) ?? hidden / heads,
            intermediateSize: file.integer("llama.feed_forward_length"),
            vocabulary: embedding.shape.first ?? 0,
            contextLength: file.integer("llama.context_length"),
            ropeBase: (try? file.real("llama.rope.freq_base")) ?? 10_000,
            normEpsilon: file.real("llama.attention.layer_norm_rms_epsilon"),
            tiedEmbeddings: file.entry(named: "output.weight") == nil,
            beginningOfSequence: try? file.integer("tokenizer.ggml.bos_token_id"),
            endOfSequence: end.map { [$0] } ?? []
        )
    }

    package func matrix(named name: String) throws(ModelLoadError) -> Matrix {
        guard let place = Self.place(of: name),
            let entry = file.entry(named: TensorName(place.name))
        else { throw .missingTensor(name) }
        let values: [Float]
        do {
            values = try file.floats(of: entry)
        } catch GGUFError.notFinite {
            throw .notFinite(name)
        } catch {
            throw .unreadable(name, reason: "\(error)")
        }
        let matrix = try Matrix(shape: entry.shape, values: values, name: name)
        switch place.module {
        case .query: return try unpermuted(matrix, heads: configuration.heads, name)
        case .key: return try unpermuted(matrix, heads: configuration.kvHeads, name)
        default: return matrix
        }
    }

    /// Row `2i + j` of a head becomes row `j · d/2 + i`.
    private func unpermuted(
        _ matrix: Matrix,
        heads: Int,
        _ name: String
    ) throws(ModelLoadError) -> Matrix {
        let width = configuration.headDimension
        guard matrix.rows == heads * width else {
            let expected = [heads * width, configuration.hiddenSize]
            throw .wrongShape(name, expected: expected, found: [matrix.rows, matrix.columns])
        }
        var values: [Float] = []
        values.reserveCapacity(matrix.values.count)
        for head in 0..<heads {
            for row in 0..<width {
                let source = head * width + row % (width / 2) * 2 + row / (width / 2)
                values += matrix.values[source * matrix.columns..<(source + 1) * matrix.columns]
            }
        }
        return Matrix(rows: matrix.rows, columns: matrix.columns, values: values)
    }

    /// GGUF's name for a tensor of Hugging Face's name.
    private static func place(of name: String) -> (name: String, module: LinearLayer?)? {
        let whole = [
            "model.embed_tokens.weight": "token_embd.weight",
            "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight",
        ]
        if let place = whole[name] { return (place, nil) }
        let parts = name.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "model", parts[1] == "layers", let layer = Int(parts[2])
        else { return nil }
        switch parts[3] {
        case "input_layernorm.weight": return ("blk.\(layer).attn_norm.weight", nil)
        case "post_attention_layernorm.weight": return ("blk.\(layer).ffn_norm.weight", nil)
        default: break
        }
        guard
            let module = LinearLayer.allCases.first(where: { parts[3] == $0.moduleName + ".weight" }
            )
        else { return nil }
        return ("blk.\(layer).\(stem(module)).weight", module)
    }

    private static func stem(_ module: LinearLayer) -> String {
        switch module {
        case .query: "attn_q"
        case .key: "attn_k"
        case .value: "attn_v"
        case .output: "attn_output"
        case .gate: "ffn_gate"
        case .up: "ffn_up"
        case .down: "ffn_down"
        }
    }
}
