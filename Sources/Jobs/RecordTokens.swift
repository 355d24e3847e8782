// How a record of a Datanet becomes a training example.

package import Commitments
package import LanguageModel

/// Prompt, a line feed, completion, end of sequence; loss counts from the completion on.
package struct RecordTokens: Sendable {
    private let tokenizer: Tokenizer
    private let end: UInt32?

    package init(tokenizer: Tokenizer, configuration: ModelConfiguration) {
        self.tokenizer = tokenizer
        end = configuration.endOfSequence.first.map { UInt32($0) }
    }

    /// What a model sees before it answers.
    package func prompt(_ text: [UInt8]) -> [UInt32] { tokenizer.encode(text + [0x0a]) }

    /// Nil when the prompt or the completion has no token.
    package func record(_ record: DataRecord) -> TokenizedRecord? {
        let prompt = prompt(record.prompt)
        let completion = tokenizer.encode(record.completion, addsSpecial: false)
        guard !completion.isEmpty else { return nil }
        return TokenizedRecord(
            tokens: prompt + completion + (end.map { [$0] } ?? []),
            completionStart: prompt.count
        )
    }
}
