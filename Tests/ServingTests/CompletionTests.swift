import Commitments
import Foundation
import JSON
import LanguageModel
import Primitives
import Serving
import Testing

@Suite("Serving completions") struct CompletionTests {
    @Test("a paid completion is the adapter's greedy text, with a receipt that proves it")
    func paid() async throws {
        try await ServedFixture.serve { served in
            let answer = try await served.complete(
                ["model": "good", "prompt": "quick brown", "max_tokens": 5],
                voucher: ServedFixture.voucher(1_000)
            )
            #expect(answer.status == 200, "\(answer.body)")
            let model = served.bundle.model
            let prompt = served.bundle.tokenizer.encode("quick brown")
            let prepared = try PreparedAdapter(
                served.adapter.adapter,
                for: model.configuration
            )
            let expected = try model.generateGreedily(prompt, maxTokens: 5, adapter: prepared)
            let text = answer.json["choices"]?.array?.first?["text"]?.string
            #expect(text == served.bundle.tokenizer.decode(expected.tokens))
            #expect(answer.json["usage"]?["prompt_tokens"] == .integer(prompt.count))

            let listed = try await served.get("/v1/receipts").json["data"]?.array?.first
            let encoded = try #require(listed?["receipt"]?.string)
            let bytes = try #require(Data(base64Encoded: encoded))
            let receipt = try InferenceReceipt(borsh: [UInt8](bytes))
            #expect(receipt.prompt == prompt)
            #expect(receipt.completion == expected.tokens)
            #expect(receipt.sequence == 1)
            #expect(receipt.channel == ServedFixture.channel)
            let tokens = prompt.count + expected.tokens.count
            #expect(receipt.fee == Amount(units: UInt128(10 * tokens)))
            #expect(answer.headers["x-openledger-receipt"] == "\(receipt.digest)")
            #expect(answer.headers["x-openledger-verified-height"] == "42")
            let root = CanonicalRoot.adapter(
                served.adapter.adapter,
                base: served.bundle.weightsRoot
            )
            #expect(answer.headers["x-openledger-adapter-root"] == "\(root)")
        }
    }

    @Test("a stream's chunks join to the whole text, and the last one carries the receipt")
    func stream() async throws {
        try await ServedFixture.serve { served in
            let body: JSON = ["model": "good", "prompt": "stone bridge", "max_tokens": 8]
            let whole = try await served.complete(body, voucher: ServedFixture.voucher(1_000))
            let members =
                (body.object?.members ?? []) + [
                    .init(key: "stream", value: true),
                    .init(key: "stream_options", value: ["include_usage": true]),
                ]
            let streamed = try await served.complete(
                .object(JSONObject(members)),
                voucher: ServedFixture.voucher(2_000)
            )
            #expect(streamed.headers["content-type"] == "text/event-stream")
            var events = streamed.body.components(separatedBy: "\n\n")
            #expect(events.removeLast() == "")
            #expect(events.removeLast() == "data: [DONE]")
            let chunks = try events.map { try JSON.parse(String($0.dropFirst(6))) }
            let text = chunks.compactMap { $0["choices"]?.array?.first?["text"]?.string }.joined()
            #expect(text == whole.json["choices"]?.array?.first?["text"]?.string)
            let last = try #require(chunks.last)
            #expect(last["choices"] == [])
            #expect(last["usage"] == whole.json["usage"])
            let receipt = chunks.compactMap { $0["openledger"]?["receipt"]?.string }.first
            #expect(receipt?.hasPrefix("0x") == true)
        }
    }

    @Test("a stop text ends the answer before it, and the receipt is still what greedy gives")
    func stop() async throws {
        try await ServedFixture.serve { served in
            let body: JSON = ["model": "good", "prompt": "river", "max_tokens": 12]
            let whole = try await served.complete(body, voucher: ServedFixture.voucher(5_000))
            let text = try #require(whole.json["choices"]?.array?.first?["text"]?.string)
            let stop = String(text.dropFirst(text.count / 2).prefix(2))
            try #require(!stop.isEmpty)
            let members =
                (body.object?.members ?? []) + [
                    .init(key: "stop", value: .string(stop))
                ]
            let cut = try await served.complete(
                .object(JSONObject(members)),
                voucher: ServedFixture.voucher(5_000)
            )
            let choice = cut.json["choices"]?.array?.first
            let expected = try #require(text.range(of: stop))
            #expect(choice?["text"]?.string == String(text[..<expected.lowerBound]))
            #expect(choice?["finish_reason"] == "stop")
            let listed = try await served.get("/v1/receipts?after=1").json["data"]?.array?.first
            let bytes = try #require(Data(base64Encoded: listed?["receipt"]?.string ?? ""))
            let receipt = try InferenceReceipt(borsh: [UInt8](bytes))
            let model = served.bundle.model
            let again = try model.generateGreedily(
                receipt.prompt,
                maxTokens: Int(receipt.maxTokens),
                adapter: try PreparedAdapter(served.adapter.adapter, for: model.configuration)
            )
            #expect(again.tokens == receipt.completion)
        }
    }

    @Test("requests that come together are answered as each is alone")
    func together() async throws {
        try await ServedFixture.serve { served in
            let words = ["quick", "stone bridge", "river", "a", "bread and", "violin"]
            let texts = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
                for (place, word) in words.enumerated() {
                    let model: JSON = place.isMultiple(of: 2) ? "good" : "tiny"
                    let body: JSON = ["model": model, "prompt": .string(word), "max_tokens": 9]
                    let voucher = try ServedFixture.voucher(9_000)
                    group.addTask {
                        let answer = try await served.complete(body, voucher: voucher)
                        #expect(answer.headers["connection"] == "close")
                        return (place, answer.json["choices"]?.array?.first?["text"]?.string)
                    }
                }
                var texts = [String?](repeating: nil, count: words.count)
                for try await (place, text) in group { texts[place] = text }
                return texts
            }
            let model = served.bundle.model
            let adapter = try PreparedAdapter(served.adapter.adapter, for: model)
            for (place, word) in words.enumerated() {
                let alone = try model.generateGreedily(
                    served.bundle.tokenizer.encode(word),
                    maxTokens: 9,
                    adapter: place.isMultiple(of: 2) ? adapter : nil
                )
                #expect(texts[place] == served.bundle.tokenizer.decode(alone.tokens))
            }
        }
    }

    @Test("the base model answers without voucher and without receipt")
    func base() async throws {
        try await ServedFixture.serve { served in
            let answer = try await served.complete(["model": "tiny", "prompt": "a"])
            #expect(answer.status == 200)
            #expect(answer.headers["x-openledger-receipt"] == nil)
            #expect(try await served.get("/v1/receipts").json["data"] == [])
        }
    }

    @Test("models are listed with their lineage, and a refused one with the reason")
    func models() async throws {
        try await ServedFixture.serve { served in
            let data = try #require(try await served.get("/v1/models").json["data"]?.array)
            #expect(data.compactMap { $0["id"]?.string } == ["tiny", "good", "revoked"])
            #expect(data[1]["parent"] == "tiny")
            #expect(data[1]["standing"] == "reproduced")
            #expect(data[2]["refused"] == "the chain does not know it")
            let answer = try await served.complete(["model": "revoked", "prompt": "a"])
            #expect(answer.status == 403)
            #expect(answer.code == "adapter_not_verified")
            #expect(answer.body.contains("the chain does not know it"))
        }
    }
}
