import Foundation
import JSON
import LanguageModel
import Serving
import Testing

@Suite("Serving chats") struct ChatTests {
    static let path = "/v1/chat/completions"
    static let messages: JSON = [
        ["role": "system", "content": "Be brief."],
        [
            "role": "user",
            "content": [
                ["type": "text", "text": "What is "], ["type": "text", "text": "yeast?"],
            ],
        ],
    ]
    static let prompt =
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is yeast?<|im_end|>\n"
        + "<|im_start|>assistant\n"

    @Test("a chat is answered as the completion of its prompt, in a message, with a receipt")
    func whole() async throws {
        try await ServedFixture.serve { served in
            let plain = try await served.complete(
                ["model": "good", "prompt": .string(Self.prompt), "max_tokens": 6],
                voucher: ServedFixture.voucher(5_000)
            )
            let chat = try await served.complete(
                ["model": "good", "messages": Self.messages, "max_completion_tokens": 6],
                voucher: ServedFixture.voucher(10_000),
                path: Self.path
            )
            #expect(chat.status == 200, "\(chat.body)")
            #expect(chat.json["object"] == "chat.completion")
            #expect(chat.json["id"]?.string?.hasPrefix("chatcmpl-") == true)
            let choice = try #require(chat.json["choices"]?.array?.first)
            #expect(choice["message"]?["role"] == "assistant")
            let text = plain.json["choices"]?.array?.first?["text"]
            #expect(choice["message"]?["content"] == text && text?.string?.isEmpty == false)
            #expect(chat.json["usage"] == plain.json["usage"])
            #expect(chat.headers["x-openledger-receipt"]?.hasPrefix("0x") == true)
        }
    }

    @Test("a stream begins with the role, and ends with an empty delta, the usage and [DONE]")
    func stream() async throws {
        try await ServedFixture.serve { served in
            let body: JSON = [
                "model": "good", "messages": Self.messages, "max_tokens": 6, "stream": true,
                "stream_options": ["include_usage": true],
            ]
            let answer = try await served.complete(
                body,
                voucher: ServedFixture.voucher(10_000),
                path: Self.path
            )
            var events = answer.body.components(separatedBy: "\n\n")
            #expect(events.removeLast() == "" && events.removeLast() == "data: [DONE]")
            let chunks = try events.map { try JSON.parse(String($0.dropFirst(6))) }
            #expect(chunks.allSatisfy { $0["object"] == "chat.completion.chunk" })
            let deltas = chunks.compactMap { $0["choices"]?.array?.first?["delta"] }
            #expect(deltas.first == ["role": "assistant", "content": ""])
            #expect(deltas.last == [:] && deltas.count > 2)
            let finish = chunks.dropLast().last?["choices"]?.array?.first?["finish_reason"]
            #expect(finish == "length" || finish == "stop")
            #expect(chunks.last?["choices"] == [])
            #expect(chunks.last?["usage"]?["completion_tokens"]?.integer(Int.self) != nil)
        }
    }

    @Test(
        "what cannot be answered is refused with the field at fault",
        arguments: [
            (["temperature": .number(JSONNumber(0.7) ?? JSONNumber(1))], "temperature"),
            (["top_p": .number(JSONNumber(0.9) ?? JSONNumber(2))], "top_p"),
            (["messages": []], "messages"), (["messages": [1]], "messages[0]"),
            (["messages": [["role": "wizard", "content": "a"]]], "messages[0].role"),
            (
                ["messages": [["role": "user", "content": [["type": "image_url"]]]]],
                "messages[0].content"
            ),
            (["tools": [["type": "function"]]], "tools"), (["prompt": "x"], "prompt"),
            (["max_completion_tokens": 0], "max_completion_tokens"),
        ] as [([String: JSON], String)]
    )
    func refusals(_ changes: [String: JSON], _ field: String) throws {
        var members: [String: JSON] = ["model": "m", "messages": Self.messages]
        members.merge(changes) { _, new in new }
        let body = JSON.object(
            JSONObject(
                members.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value) }
            )
        )
        let error = #expect(throws: ServingError.self) {
            try CompletionRequest(chat: body.compactBytes, format: .chatML)
        }
        #expect(error?.parameter == field, "\(error?.message ?? "")")
    }

    @Test("greedy is said to be why sampling is refused, and a template's own refusal is told")
    func reasons() throws {
        let sampled: JSON = ["model": "m", "messages": Self.messages, "temperature": 1]
        let error = #expect(throws: ServingError.self) {
            try CompletionRequest(chat: sampled.compactBytes, format: .chatML)
        }
        #expect(
            error?.message.contains("greedy") == true && error?.message.contains("receipt") == true
        )
        struct Refusal: Error, CustomStringConvertible { let description = "roles must alternate" }
        let plain: JSON = ["model": "m", "messages": Self.messages, "seed": 7, "temperature": 0]
        let refused = #expect(throws: ServingError.self) {
            try CompletionRequest(
                chat: plain.compactBytes,
                format: ChatFormat { _ in throw Refusal() }
            )
        }
        #expect(refused?.message.contains("roles must alternate") == true)
        let request = try CompletionRequest(chat: plain.compactBytes, format: .chatML)
        #expect(request.prompt == .text(Self.prompt) && request.isChat && request.maxTokens == 256)
    }
}
