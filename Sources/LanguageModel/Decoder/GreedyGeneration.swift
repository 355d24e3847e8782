// Greedy generation, and the check of a published one in a single pass.

package import ExactMath

/// The tokens after a prompt.
package struct GreedyCompletion: Sendable, Equatable {
    package enum Finish: Sendable, Equatable {
        /// The last token ends a sequence; it is part of `tokens`.
        case stop
        /// The token limit or the context's end was reached.
        case length
    }
    package let tokens: [UInt32]
    package let finish: Finish
}

extension DecoderModel {
    /// Takes the likeliest token, the lowest id among equals, until a token ends the sequence,
    /// `maxTokens` are made or the context is full.
    /// - Parameter onToken: called with each token that does not end the sequence; returning false stops (finish `length`).
    package func generateGreedily(
        _ prompt: [UInt32],
        maxTokens: Int,
        adapter: PreparedAdapter? = nil,
        onToken: (UInt32) -> Bool = { _ in true }
    ) throws(ModelError) -> GreedyCompletion {
        try configuration.check(prompt)
        var cache = KeyValueCache(for: configuration)
        var next = prompt
        var tokens: [UInt32] = []
        while tokens.count < completionLimit(prompt, maxTokens) {
            let token = try Self.choice(advance(&cache, by: next, adapter: adapter))
            tokens.append(token)
            if isEnd(token) { return GreedyCompletion(tokens: tokens, finish: .stop) }
            guard onToken(token) else { break }
            next = [token]
        }
        return GreedyCompletion(tokens: tokens, finish: .length)
    }

    /// What greedy generation gives at the first place where `completion` departs from it.
    /// One pass over prompt and completion: rows do not depend on later tokens.
    /// - Returns: nil if `completion` is exactly what `generateGreedily` makes; otherwise the
    ///   tokens up to the difference with the right one at their end, or without it where the
    ///   completion should have ended.
    package func correction(
        of completion: [UInt32],
        after prompt: [UInt32],
        maxTokens: Int,
        adapter: PreparedAdapter? = nil,
        trace: inout ComputationTrace
    ) throws(ModelError) -> [UInt32]? {
        try configuration.check(prompt)
        let limit = completionLimit(prompt, maxTokens)
        // A token that does not exist cannot be right; the tokens before it decide what is.
        let compared = Array(
            completion.prefix(limit).prefix { Int($0) < configuration.vocabulary }
        )
        let tokens = prompt + compared
        try configuration.check(tokens)
        do throws(ExactMathError) {
            var cache = KeyValueCache(for: configuration)
            let x = try hidden(tokens, &cache, adapter, &trace)
            let logits = try logits(ofHidden: x.rows(prompt.count - 1..<x.rows))
            for (index, token) in compared.enumerated() {
                let right = try Sampling.argmax(logits.row(index))
                guard token == right else { return Array(compared.prefix(index)) + [right] }
                guard isEnd(token) else { continue }
                return index + 1 == completion.count ? nil : Array(compared.prefix(index + 1))
            }
            if compared.count == limit { return completion.count == limit ? nil : compared }
            return try compared + [Sampling.argmax(logits.row(compared.count))]
        } catch {
            throw .arithmetic(error)
        }
    }

    func completionLimit(_ prompt: [UInt32], _ maxTokens: Int) -> Int {
        max(0, min(maxTokens, configuration.contextLength - prompt.count))
    }

    func isEnd(_ token: UInt32) -> Bool {
        configuration.endOfSequence.contains(Int(token))
    }

    static func choice(_ logits: [Float]) throws(ModelError) -> UInt32 {
        do throws(ExactMathError) {
            return try Sampling.argmax(logits)
        } catch {
            throw .arithmetic(error)
        }
    }
}
