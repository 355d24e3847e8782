// The body of `POST /v1/completions`. Generation is greedy, because a receipt must be provable, so
// settings that ask for anything else are refused instead of ignored.

import Commitments
import JSON

package struct CompletionRequest: Sendable, Equatable {
    package enum Prompt: Sendable, Equatable {
        case text(String)
        case tokens([UInt32])
    }

    package static let byteLimit = 1 << 20
    package static let stopLimit = 4

    package let model: String
    package let prompt: Prompt
    package let maxTokens: Int
    package let stops: [String]
    package let streams: Bool
    package let includesUsage: Bool
    /// Whether the answer is a message of a conversation.
    package let isChat: Bool

    private static let greedy =
        "answers are greedy, since a receipt can be proved for greedy generation only"

    /// Arguments without effect on a greedy completion.
    private static let ignored: Set<String> = ["user", "seed", "metadata", "store"]
    private static let read: Set<String> = [
        "model", "prompt", "max_tokens", "stop", "stream", "stream_options",
    ]

    package init(_ bytes: [UInt8]) throws(ServingError) {
        let object = try Self.object(bytes)
        for member in object.members where !Self.read.contains(member.key) {
            try Self.check(member)
        }
        try self.init(
            object,
            prompt: try Self.prompt(object["prompt"]),
            limit: (object["max_tokens"] ?? .null, "max_tokens"),
            defaultTokens: 16,
            isChat: false
        )
    }

    static func object(_ bytes: [UInt8]) throws(ServingError) -> JSONObject {
        let value: JSON
        do {
            value = try JSON.parse(bytes, byteLimit: byteLimit, depthLimit: 16)
        } catch {
            throw ServingError(.invalidRequest, "the body is not valid JSON: \(error)")
        }
        guard let object = value.object else {
            throw ServingError(.invalidRequest, "the body is \(value.kind) instead of an object")
        }
        return object
    }

    /// What requests of both kinds have beside their prompt.
    init(
        _ object: JSONObject,
        prompt: Prompt,
        limit: (value: JSON, key: String),
        defaultTokens: Int,
        isChat: Bool
    ) throws(ServingError) {
        guard let model = object["model"]?.string else {
            throw Self.wrong("model", "must be the name of a model")
        }
        self.model = model
        self.prompt = prompt
        self.isChat = isChat
        maxTokens = try Self.maxTokens(limit.value, limit.key) ?? defaultTokens
        stops = try Self.stops(object["stop"])
        streams = try Self.flag(object, "stream")
        let options = object["stream_options"]?.object
        includesUsage =
            try options.map { options throws(ServingError) in
                try Self.flag(options, "include_usage")
            } ?? false
    }

    static func wrong(_ field: String, _ sentence: String) -> ServingError {
        ServingError(.invalidRequest, "\"\(field)\" \(sentence)", parameter: field)
    }

    /// Lets pass what does not change a greedy completion.
    static func check(_ member: JSONObject.Member) throws(ServingError) {
        let isOff = member.value == .null
        switch member.key {
        case _ where ignored.contains(member.key): return
        case "temperature", "presence_penalty", "frequency_penalty":
            guard isOff || member.value.double == 0 else {
                throw wrong(member.key, "must be 0 or absent: \(greedy)")
            }
        case "top_p", "n", "best_of":
            guard isOff || member.value.double == 1 else {
                throw wrong(member.key, "must be 1 or absent: \(greedy)")
            }
        case "echo":
            guard isOff || member.value == false else { throw wrong("echo", "is not supported") }
        case "logprobs", "top_logprobs", "suffix", "logit_bias", "response_format", "tools",
            "tool_choice", "functions", "function_call", "parallel_tool_calls":
            guard isOff || member.value == [:] || member.value == false else {
                throw wrong(member.key, "is not supported")
            }
        default:
            throw ServingError(
                .unknownArgument,
                "the argument \"\(member.key)\" is unknown",
                parameter: member.key
            )
        }
    }

    /// A text, a list of one text, or a list of token ids.
    private static func prompt(_ value: JSON?) throws(ServingError) -> Prompt {
        guard let value else { throw wrong("prompt", "is missing") }
        if let text = value.string { return .text(text) }
        guard let items = value.array, let first = items.first else {
            throw wrong("prompt", "must be a text or a list of token ids")
        }
        if items.count == 1, first.string != nil || first.array != nil {
            return try prompt(first)
        }
        var tokens: [UInt32] = []
        for item in items {
            guard let token = item.integer(UInt32.self) else {
                throw wrong("prompt", "must be one text or one list of token ids")
            }
            tokens.append(token)
        }
        return .tokens(tokens)
    }

    private static func maxTokens(
        _ value: JSON,
        _ key: String
    ) throws(ServingError) -> Int? {
        guard value != .null else { return nil }
        guard let count = value.integer(Int.self), (1...InferenceReceipt.tokenLimit).contains(count)
        else {
            throw wrong(key, "must be from 1 to \(InferenceReceipt.tokenLimit)")
        }
        return count
    }

    private static func stops(_ value: JSON?) throws(ServingError) -> [String] {
        guard let value, value != .null else { return [] }
        let items = value.array ?? [value]
        guard items.count <= stopLimit else {
            throw wrong("stop", "may have at most \(stopLimit) texts")
        }
        var stops: [String] = []
        for item in items {
            guard let text = item.string, !text.isEmpty else {
                throw wrong("stop", "must be a text or a list of texts, none empty")
            }
            stops.append(text)
        }
        return stops
    }

    private static func flag(_ object: JSONObject, _ key: String) throws(ServingError) -> Bool {
        guard let value = object[key], value != .null else { return false }
        guard let flag = value.bool else { throw wrong(key, "must be true or false") }
        return flag
    }
}
