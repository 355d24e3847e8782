// Completions in the shape of OpenAI's API, with what our chain knows under `openledger`.

import Commitments
import JSON
import Primitives

/// The parts of an answer that stay the same from chunk to chunk.
struct CompletionEnvelope {
    let id: String
    let created: Int
    let model: String
    let adapter: ServedAdapter?
    var isChat = false

    /// A whole answer.
    func json(
        text: String,
        finish: String?,
        outcome: CompletionOutcome? = nil,
        hasChoice: Bool = true,
        includesUsage: Bool = false
    ) -> JSON {
        let content: JSON = ["role": "assistant", "content": .string(text)]
        return json(
            content: isChat
                ? .init(key: "message", value: content) : .init(key: "text", value: .string(text)),
            kind: isChat ? "chat.completion" : "text_completion",
            finish: finish,
            outcome: outcome,
            hasChoice: hasChoice,
            includesUsage: includesUsage
        )
    }

    /// A chunk of a stream. The first of a conversation says whose turn it is and nothing else.
    func chunk(
        text: String?,
        finish: String? = nil,
        outcome: CompletionOutcome? = nil,
        hasChoice: Bool = true,
        includesUsage: Bool = false
    ) -> JSON {
        let delta: JSON =
            finish != nil
            ? [:] : text.map { ["content": .string($0)] } ?? ["role": "assistant", "content": ""]
        return json(
            content: isChat
                ? .init(key: "delta", value: delta)
                : .init(key: "text", value: .string(text ?? "")),
            kind: isChat ? "chat.completion.chunk" : "text_completion",
            finish: finish,
            outcome: outcome,
            hasChoice: hasChoice,
            includesUsage: includesUsage
        )
    }

    private func json(
        content: JSONObject.Member,
        kind: JSON,
        finish: String?,
        outcome: CompletionOutcome?,
        hasChoice: Bool,
        includesUsage: Bool
    ) -> JSON {
        let choice = JSON.object(
            JSONObject([
                .init(key: "index", value: 0), content, .init(key: "logprobs", value: .null),
                .init(key: "finish_reason", value: finish.map(JSON.string) ?? .null),
            ])
        )
        var members: [JSONObject.Member] = [
            .init(key: "id", value: .string(id)),
            .init(key: "object", value: kind),
            .init(key: "created", value: .integer(created)),
            .init(key: "model", value: .string(model)),
            .init(key: "choices", value: .array(hasChoice ? [choice] : [])),
        ]
        if includesUsage {
            members.append(.init(key: "usage", value: outcome.map(usage) ?? .null))
        }
        if let outcome, let adapter {
            members.append(.init(key: "openledger", value: proof(outcome, adapter)))
        }
        return .object(JSONObject(members))
    }

    private func usage(_ outcome: CompletionOutcome) -> JSON {
        [
            "prompt_tokens": .integer(outcome.promptTokens),
            "completion_tokens": .integer(outcome.completionTokens),
            "total_tokens": .integer(outcome.promptTokens + outcome.completionTokens),
        ]
    }

    private func proof(_ outcome: CompletionOutcome, _ adapter: ServedAdapter) -> JSON {
        [
            "adapter": .string("\(adapter.verified.id)"),
            "adapter_root": .string("\(adapter.identity.canonicalRoot)"),
            "verified_height": .integer(adapter.verified.height.value),
            "standing": .string(adapter.verified.standing),
            "receipt": outcome.receipt.map { .string("\($0.digest)") } ?? .null,
            "channel": outcome.receipt.map { .string("\($0.channel)") } ?? .null,
            "sequence": outcome.receipt.map { .integer($0.sequence) } ?? .null,
            "fee": outcome.receipt.map { .string("\($0.fee.units)") } ?? .null,
        ]
    }
}
