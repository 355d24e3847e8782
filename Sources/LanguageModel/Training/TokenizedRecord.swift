/// A training example as tokens: loss counts on the completion only.
///
/// Invariant: at least one token before the first target, and at least one target.
package struct TokenizedRecord: Sendable, Equatable {
    package let tokens: [UInt32]
    /// The tokens from here on are targets.
    package let completionStart: Int

    /// Returns nil unless `1 <= completionStart < tokens.count`.
    package init?(tokens: [UInt32], completionStart: Int) {
        guard completionStart >= 1, completionStart < tokens.count else { return nil }
        self.tokens = tokens
        self.completionStart = completionStart
    }

    /// The first `limit` tokens, or nil if no target is among them.
    package func truncated(to limit: Int) -> TokenizedRecord? {
        tokens.count <= limit
            ? self
            : TokenizedRecord(
                tokens: Array(tokens.prefix(limit)),
                completionStart: completionStart
            )
    }

    /// What the rows from `completionStart - 1` on have to predict.
    var targets: [UInt32] { Array(tokens[completionStart...]) }
}
