// The body of `POST /v1/chat/completions`: messages that the model's chat template turns into a
// prompt. The rest is as for `/v1/completions`.

import JSON
import LanguageModel

/// One turn of a conversation.
package struct ChatTurn: Sendable, Equatable {
    package let role: String
    package let content: String

    package init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// How a model wants a conversation written.
package struct ChatFormat: Sendable {
    /// The turns as one text that ends where the answer begins. A thrown error's description is
    /// told to whoever asked.
    package let prompt: @Sendable ([ChatTurn]) throws -> String

    package init(prompt: @escaping @Sendable ([ChatTurn]) throws -> String) {
        self.prompt = prompt
    }

    /// ChatML, which rows of conversations are trained in where a model has no template.
    package static let chatML = ChatFormat { turns in
        ChatML.prompt(turns.map { ($0.role, $0.content) })
    }
}

extension CompletionRequest {
    package static let turnLimit = 256
    /// Tokens of an answer where the request does not say.
    static let chatTokens = 256

    private static let chatMembers: Set<String> = [
        "model", "messages", "max_tokens", "max_completion_tokens", "stop", "stream",
        "stream_options",
    ]

    /// - Parameter format: how the model wants conversations written.
    package init(chat bytes: [UInt8], format: ChatFormat) throws(ServingError) {
        let object = try Self.object(bytes)
        for member in object.members where !Self.chatMembers.contains(member.key) {
            try Self.check(member)
        }
        let turns = try Self.turns(object["messages"])
        let prompt: String
        do {
            prompt = try format.prompt(turns)
        } catch {
            throw ServingError(
                .invalidRequest,
                "the model's chat template does not take these messages: \(error)",
                parameter: "messages"
            )
        }
        let limit = object["max_completion_tokens"].map {
            (value: $0, key: "max_completion_tokens")
        }
        try self.init(
            object,
            prompt: .text(prompt),
            limit: limit ?? (object["max_tokens"] ?? .null, "max_tokens"),
            defaultTokens: Self.chatTokens,
            isChat: true
        )
    }

    private static func turns(_ value: JSON?) throws(ServingError) -> [ChatTurn] {
        guard let items = value?.array, !items.isEmpty else {
            throw wrong("messages", "must be a list of at least one message")
        }
        guard items.count <= turnLimit else {
            throw wrong("messages", "may have at most \(turnLimit) messages")
        }
        var turns: [ChatTurn] = []
        for (place, item) in items.enumerated() {
            let field = "messages[\(place)]"
            guard let object = item.object else { throw wrong(field, "must be an object") }
            for key in object.keys where !["role", "content", "name"].contains(key) {
                throw wrong(field + "." + key, "is not supported")
            }
            let roles = ["system", "developer", "user", "assistant"]
            guard let role = object["role"]?.string, roles.contains(role) else {
                throw wrong(field + ".role", "must be one of \(roles.joined(separator: ", "))")
            }
            turns.append(
                ChatTurn(
                    role: role == "developer" ? "system" : role,
                    content: try content(object["content"], field + ".content")
                )
            )
        }
        return turns
    }

    /// A text, or a list of parts of which each is a text.
    private static func content(_ value: JSON?, _ field: String) throws(ServingError) -> String {
        if let text = value?.string { return text }
        guard let parts = value?.array else {
            throw wrong(field, "must be a text or a list of text parts")
        }
        var text = ""
        for part in parts {
            guard part["type"] == "text", let piece = part["text"]?.string else {
                throw wrong(field, "has a part that is no text: only text is understood")
            }
            text += piece
        }
        return text
    }
}
