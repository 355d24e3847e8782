// The seam between the readers of model files and the computation.

package import ExactMath

/// Why a model's weights could not be loaded.
package enum ModelLoadError: Error, Equatable {
    case missingTensor(String)
    case wrongShape(String, expected: [Int], found: [Int])
    case notFinite(String)
    /// The reader's own reason, in one sentence.
    case unreadable(String, reason: String)
}

/// A model file that is open for reading. Tensors are asked for one at a time, once each, so that
/// only one has to be in memory in float32.
package protocol TensorSource {
    /// The tensor of a Hugging Face name such as `model.layers.0.self_attn.q_proj.weight`, in the
    /// layout [out, in] of Hugging Face (rows of q and k not permuted); a vector is one row.
    /// Names asked for: `model.embed_tokens.weight` [vocabulary, hidden], `model.norm.weight`
    /// [1, hidden], `lm_head.weight` [vocabulary, hidden] unless tied, and for each layer
    /// `input_layernorm`, `post_attention_layernorm`, `self_attn.{q,k,v,o}_proj`,
    /// `mlp.{gate,up,down}_proj`.
    func matrix(named name: String) throws(ModelLoadError) -> Matrix
}
