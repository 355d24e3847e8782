import Commitments
import Foundation
import JSON
import Primitives
import Serving
import Testing

@Suite("Serving refusals") struct RefusalTests {
    @Test("what a request cannot have is refused in OpenAI's shape, by the field")
    func requests() async throws {
        try await ServedFixture.serve { served in
            let cases: [(JSON, Int, String, String?)] = [
                (["model": "none", "prompt": "a"], 404, "model_not_found", "model"),
                (["prompt": "a"], 400, "invalid_request", "model"),
                (["model": "tiny"], 400, "invalid_request", "prompt"),
                (["model": "tiny", "prompt": [400]], 400, "invalid_request", "prompt"),
                (["model": "tiny", "prompt": [1, "a"]], 400, "invalid_request", "prompt"),
                (
                    ["model": "tiny", "prompt": "a", "max_tokens": 0], 400, "invalid_request",
                    "max_tokens"
                ),
                (
                    ["model": "tiny", "prompt": "a", "temperature": 1], 400, "invalid_request",
                    "temperature"
                ),
                (["model": "tiny", "prompt": "a", "x": 1], 400, "unknown_argument", "x"),
                (
                    ["model": "tiny", "prompt": .array([JSON](repeating: 1, count: 64))], 400,
                    "context_length_exceeded", "prompt"
                ),
            ]
            for (body, status, code, parameter) in cases {
                let answer = try await served.complete(body)
                #expect(answer.status == status, "\(body.compactText): \(answer.body)")
                #expect(answer.code == code)
                #expect(answer.json["error"]?["param"]?.string == parameter)
                #expect(answer.json["error"]?["message"]?.string?.isEmpty == false)
            }
        }
    }

    @Test("unknown paths, methods, types and bodies that are no JSON are refused")
    func transport() async throws {
        try await ServedFixture.serve { served in
            #expect(try await served.get("/v2").status == 404)
            #expect(try await served.get("/v1/completions").status == 405)
            #expect(try await served.get("/v1/receipts?limit=0").status == 400)
            let json = ["content-type": "application/json"]
            let broken = try await served.send(
                "POST",
                "/v1/completions",
                headers: json,
                body: "{"
            )
            #expect(broken.status == 400)
            let plain = try await served.send(
                "POST",
                "/v1/completions",
                headers: ["content-type": "text/plain"],
                body: "{}"
            )
            #expect(plain.status == 400)
            let long = String(repeating: " ", count: 1 << 20 + 1)
            let tooLong = try await served.send(
                "POST",
                "/v1/completions",
                headers: json,
                body: long
            )
            #expect(tooLong.status == 413)
        }
    }

    @Test("no answer without a voucher that covers everything served and the new price")
    func vouchers() async throws {
        try await ServedFixture.serve { served in
            let body: JSON = ["model": "good", "prompt": [5, 6, 7], "max_tokens": 2]
            let without = try await served.complete(body)
            #expect(without.status == 402)
            #expect(without.code == "payment_required")
            #expect(without.json["error"]?["required"] == "50")
            let short = try await served.complete(body, voucher: ServedFixture.voucher(49))
            #expect(short.status == 402)
            #expect(short.json["error"]?["required"] == "50")
            let enough = try await served.complete(body, voucher: ServedFixture.voucher(50))
            #expect(enough.status == 200, "\(enough.body)")
            let again = try await served.complete(body, voucher: ServedFixture.voucher(50))
            #expect(again.status == 402)
            #expect(again.json["error"]?["required"] == "100")
            let beyond = try await served.complete(
                ["model": "good", "prompt": "a", "max_tokens": 16_000],
                voucher: ServedFixture.voucher(1_000_000)
            )
            #expect(beyond.status == 402)
            #expect(beyond.body.contains("deposit"))
        }
    }

    @Test("vouchers that are malformed, unsigned or of another channel are refused")
    func badVouchers() async throws {
        try await ServedFixture.serve { served in
            let body: JSON = ["model": "good", "prompt": "a"]
            let good = try ServedFixture.voucher(1_000)
            var bytes = try #require(Data(base64Encoded: good))
            bytes[bytes.count - 1] ^= 1
            let other = try ServedFixture.voucher(1_000, channel: ServedFixture.digest(8))
            for voucher in ["x", "AAAA", bytes.base64EncodedString(), other] {
                let answer = try await served.complete(body, voucher: voucher)
                #expect(answer.status == 402, "\(voucher)")
                #expect(answer.code == "invalid_voucher")
            }
        }
    }

    @Test("receipts need the token where one is set")
    func token() async throws {
        try await ServedFixture.serve(receiptToken: "secret") { served in
            #expect(try await served.get("/v1/receipts").status == 401)
            let answer = try await served.get(
                "/v1/receipts",
                headers: ["authorization": "Bearer secret"]
            )
            #expect(answer.status == 200)
        }
    }

    @Test("after a restart the channel owes what it owed, and numbers go on")
    func restart() async throws {
        let store = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: store) }
        let body: JSON = ["model": "good", "prompt": [5, 6, 7], "max_tokens": 2]
        try await ServedFixture.serve(store: store) { served in
            let answer = try await served.complete(body, voucher: ServedFixture.voucher(50))
            #expect(answer.status == 200)
        }
        try await ServedFixture.serve(store: store) { served in
            let refused = try await served.complete(body, voucher: ServedFixture.voucher(60))
            #expect(refused.json["error"]?["required"] == "100")
            let answer = try await served.complete(body, voucher: ServedFixture.voucher(100))
            #expect(answer.json["openledger"]?["sequence"] == 2)
        }
    }
}
