// What a model makes of a text: one object in, one object out.

import ExactMath
package import JSON
import LanguageModel

package struct ModelTools: Sendable {
    package static let topLimit = 1_000
    package static let defaultTop = 10
    package static let tokenLimit = 1 << 20
    package static let defaultMaxTokens = 64

    package let local: LocalModel

    package init(_ local: LocalModel) { self.local = local }

    private var model: ModelConfiguration { local.bundle.configuration }

    /// `{"text"}` gives `{"ids"}`; `{"ids"}` gives `{"text"}`.
    package func tokenize(_ request: JSONObject) throws(LineDefect) -> JSON {
        let tokenizer = local.bundle.tokenizer
        if let text = try request.text("text") { return ["ids": Self.json(tokenizer.encode(text))] }
        guard let ids = try request.ids("ids", vocabulary: model.vocabulary) else {
            throw LineDefect(field: "text", "there is neither text nor ids")
        }
        return ["text": .string(tokenizer.decode(ids, skipsSpecial: false))]
    }

    /// `{"text"}` or `{"ids"}` gives `{"ids","mean_nll","positions":[{"position","top"}]}`. The
    /// entry at position p is what the model expects after the tokens 0...p; the mean is over the
    /// tokens from 1 on, in nats, and null where there is one token only.
    package func logits(_ request: JSONObject, top: Int) throws(LineDefect) -> JSON {
        let ids = try tokens(request)
        var positions: [JSON] = []
        var sum = 0.0
        try predictions(ids, top: top) { prediction in
            sum -= prediction.next ?? 0
            positions.append([
                "position": .integer(prediction.position),
                "top": .array(
                    prediction.top.map { [.integer($0.id), .real($0.logProbability)] }
                ),
            ])
        }
        return [
            "ids": Self.json(ids),
            "mean_nll": .real(ids.count > 1 ? sum / Double(ids.count - 1) : nil),
            "positions": .array(positions),
        ]
    }

    /// `{"text","max_tokens"}` gives `{"ids","text"}`: the likeliest continuation, token after
    /// token, the end token included.
    package func generate(_ request: JSONObject, maxTokens: Int) throws(LineDefect) -> JSON {
        let prompt = try tokens(request)
        let limit =
            try request.integer("max_tokens", in: 0...Self.tokenLimit) ?? maxTokens
        do {
            let completion = try local.bundle.model.generateGreedily(
                prompt,
                maxTokens: limit,
                adapter: local.adapter
            )
            return [
                "ids": Self.json(completion.tokens),
                "text": .string(local.bundle.tokenizer.decode(completion.tokens)),
            ]
        } catch {
            throw LineDefect(error)
        }
    }

    /// `{"text"}` or `{"ids"}` gives `{"tokens","mean_nll","perplexity"}`. Every token but the
    /// first is predicted; a text that is longer than `window` is read in windows of that many
    /// tokens, each beginning with the last token of the one before.
    package func perplexity(_ request: JSONObject, window: Int) throws(LineDefect) -> JSON {
        let ids = try tokens(request)
        var sum = 0.0
        for start in stride(from: 0, to: max(ids.count - 1, 1), by: window - 1) {
            let part = Array(ids[start..<min(start + window, ids.count)])
            try predictions(part, top: 0) { sum -= $0.next ?? 0 }
        }
        let mean = ids.count > 1 ? sum / Double(ids.count - 1) : nil
        return [
            "tokens": .integer(ids.count), "mean_nll": .real(mean),
            "perplexity": .real(mean.map(Elementary.exp)),
        ]
    }

    /// One token for people: its text in quotation marks, with breaks escaped.
    package func quoted(_ id: UInt32) -> String {
        JSON.string(local.bundle.tokenizer.decode([id], skipsSpecial: false)).compactText
    }

    private func tokens(_ request: JSONObject) throws(LineDefect) -> [UInt32] {
        if let text = try request.text("text") {
            return local.bundle.tokenizer.promptTokens(Array(text.utf8), model: model)
        }
        guard let ids = try request.ids("ids", vocabulary: model.vocabulary) else {
            throw LineDefect(field: "text", "there is neither text nor ids")
        }
        guard !ids.isEmpty else { throw LineDefect(field: "ids", "there are no ids") }
        return ids
    }

    private func predictions(
        _ ids: [UInt32],
        top: Int,
        _ each: (Prediction) -> Void
    ) throws(LineDefect) {
        do {
            try local.bundle.model.predictions(
                after: ids,
                top: top,
                adapter: local.adapter,
                each: each
            )
        } catch {
            throw LineDefect(error)
        }
    }

    static func json(_ ids: [UInt32]) -> JSON { .array(ids.map { .integer($0) }) }
}
