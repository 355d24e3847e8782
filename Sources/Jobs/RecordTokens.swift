// How a record of a Datanet becomes a training example.

package import Commitments
package import LanguageModel

/// Prompt, completion, end of sequence; loss counts from the completion on. Nothing is put between
/// them: a record says itself how its parts join, and a question is asked as it was trained.
package struct RecordTokens: Sendable {
    private let tokenizer: Tokenizer
    private let configuration: ModelConfiguration

    package init(tokenizer: Tokenizer, configuration: ModelConfiguration) {
        self.tokenizer = tokenizer
        self.configuration = configuration
    }

    /// What a model sees before it answers.
    package func prompt(_ text: [UInt8]) -> [UInt32] {
        tokenizer.promptTokens(text, model: configuration)
    }

    /// Nil when the completion has no token.
    package func record(_ record: DataRecord) -> TokenizedRecord? {
        let example = tokenizer.exampleTokens(
            prompt: record.prompt,
            completion: record.completion,
            model: configuration
        )
        return TokenizedRecord(
            tokens: example.tokens,
            completionStart: example.completionStart
        )
    }
}
