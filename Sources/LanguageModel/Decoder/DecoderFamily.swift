// The kinds of decoder that are computed, each described once. The forward pass, its tape, the
// backward pass and the readers of files all follow this description.

/// A family of models with one description. The raw value is canonical.
package enum DecoderFamily: UInt8, Sendable, CaseIterable {
    /// Llama 2 and 3, SmolLM2, TinyLlama, and Mistral without a sliding window.
    case llama = 0
    /// Llama with biases on q, k and v.
    case qwen2
    /// Llama with RMSNorm over each head of q and k.
    case qwen3
    /// LayerNorm, learned positions, one matrix for q, k and v, GELU, biases everywhere.
    case gpt2

    package var description: DecoderDescription {
        switch self {
        case .llama: .llama(biased: [], normalisesHeads: false)
        case .qwen2: .llama(biased: [.query, .key, .value], normalisesHeads: false)
        case .qwen3: .llama(biased: [], normalisesHeads: true)
        case .gpt2: .gpt2
        }
    }
}

/// What a decoder layer is made of.
package struct DecoderDescription: Sendable, Equatable {
    package enum Norm: Sendable {
        /// x / √(mean(x²) + ε) · w (Zhang and Sennrich, 2019)
        case rootMeanSquare
        /// (x − mean) / √(variance + ε) · w + b (Ba, Kiros and Hinton, 2016)
        case layer
    }

    package enum Positions: Sendable {
        /// Rotations of q and k, pairs (i, i + d/2) (Su et al., 2021)
        case rotary
        /// A table added to the embedding.
        case learned
    }

    package let norm: Norm
    package let positions: Positions
    /// The matrices that read the first norm: q, k and v, or one with all three below each other.
    package let attentionInput: [LinearLayer]
    package let attentionOutput: LinearLayer
    /// The matrices that read the second norm: gate and up of SwiGLU, or the one before GELU.
    package let feedForwardInput: [LinearLayer]
    package let feedForwardOutput: LinearLayer
    /// The matrices that have a bias.
    package let biased: [LinearLayer]
    /// RMSNorm over each head of q and k, before the rotation.
    package let normalisesHeads: Bool

    /// All matrices of a layer, in canonical order.
    package var linears: [LinearLayer] {
        attentionInput + [attentionOutput] + feedForwardInput + [feedForwardOutput]
    }

    static func llama(biased: [LinearLayer], normalisesHeads: Bool) -> DecoderDescription {
        DecoderDescription(
            norm: .rootMeanSquare,
            positions: .rotary,
            attentionInput: [.query, .key, .value],
            attentionOutput: .output,
            feedForwardInput: [.gate, .up],
            feedForwardOutput: .down,
            biased: biased,
            normalisesHeads: normalisesHeads
        )
    }

    static let gpt2 = DecoderDescription(
        norm: .layer,
        positions: .learned,
        attentionInput: [.fusedAttention],
        attentionOutput: .fusedOutput,
        feedForwardInput: [.plainUp],
        feedForwardOutput: .plainDown,
        biased: [.fusedAttention, .fusedOutput, .plainUp, .plainDown],
        normalisesHeads: false
    )
}

/// Hugging Face's names of what is not a matrix of a layer.
struct DecoderTensorNames: Sendable {
    let embedding: String
    let positions: String?
    /// Without `.weight` and `.bias`.
    let finalNorm: String
    /// Before a layer's number.
    let layers: String
    let attentionNorm: String
    let feedForwardNorm: String

    static let head = "lm_head.weight"
    static let queryNorm = "self_attn.q_norm"
    static let keyNorm = "self_attn.k_norm"

    static let llama = DecoderTensorNames(
        embedding: "model.embed_tokens.weight",
        positions: nil,
        finalNorm: "model.norm",
        layers: "model.layers.",
        attentionNorm: "input_layernorm",
        feedForwardNorm: "post_attention_layernorm"
    )

    static let gpt2 = DecoderTensorNames(
        embedding: "transformer.wte.weight",
        positions: "transformer.wpe.weight",
        finalNorm: "transformer.ln_f",
        layers: "transformer.h.",
        attentionNorm: "ln_1",
        feedForwardNorm: "ln_2"
    )
}

extension DecoderFamily {
    var names: DecoderTensorNames { self == .gpt2 ? .gpt2 : .llama }
}

extension ModelConfiguration {
    package var description: DecoderDescription { family.description }

    /// The names of all weights, as Hugging Face has them.
    package var tensorNames: [String] {
        let names = family.names
        let description = description
        let suffixes = description.norm == .layer ? [".weight", ".bias"] : [".weight"]
        var result = [names.embedding] + suffixes.map { names.finalNorm + $0 }
        if let positions = names.positions { result.append(positions) }
        if !tiedEmbeddings { result.append(DecoderTensorNames.head) }
        for layer in 0..<layers {
            let prefix = "\(names.layers)\(layer)."
            for norm in [names.attentionNorm, names.feedForwardNorm] {
                result += suffixes.map { prefix + norm + $0 }
            }
            if description.normalisesHeads {
                result += [DecoderTensorNames.queryNorm, DecoderTensorNames.keyNorm].map {
                    prefix + $0 + ".weight"
                }
            }
            result += description.linears.map { prefix + $0.moduleName + ".weight" }
            result += description.biased.map { prefix + $0.moduleName + ".bias" }
        }
        return result
    }
}
