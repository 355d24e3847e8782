// How a training example or a question becomes tokens: one rule for training, indexing, serving and
// whoever checks them.

extension Tokenizer {
    /// The tokens of a prompt, framed as the tokenizer file says. An empty prompt is the one token
    /// with which a text begins, because a model predicts nothing from nothing.
    package func promptTokens(_ prompt: [UInt8], model: ModelConfiguration) -> [UInt32] {
        let tokens = encode(prompt)
        guard tokens.isEmpty else { return tokens }
        return [UInt32(model.beginningOfSequence ?? model.endOfSequence.first ?? 0)]
    }

    /// Prompt and completion, encoded apart and joined, with the model's first end token after
    /// them. Loss counts from `completionStart` on, the end token included.
    package func exampleTokens(
        prompt: [UInt8],
        completion: [UInt8],
        model: ModelConfiguration
    ) -> (tokens: [UInt32], completionStart: Int) {
        let start = promptTokens(prompt, model: model)
        let end = model.endOfSequence.first.map { [UInt32($0)] } ?? []
        let answer = encode(completion, addsSpecial: false, continues: !prompt.isEmpty)
        return (start + answer + end, start.count)
    }
}
