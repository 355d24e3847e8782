import Foundation
import JSON

extension Story {
    /// Step 6: the provider serves the adapter, the user pays for answers, the receipts are settled.
    mutating func serveAndSettle() async throws {
        let endpoint = try await startServing()
        let opened = try await send(
            [
                "channel", "open", "--provider", people.provider.address, "--adapter", adapter,
                "--deposit", "20",
            ],
            from: people.user
        )
        channel = try opened.text("channel")
        screen.checked("the user opened the channel \(short(channel)) with a deposit of 20 OPEN")
        try await refuseWithoutPayment(endpoint)
        let began = ContinuousClock.now
        for question in try questions() { try await ask(question, at: endpoint) }
        report.set("answerTokens", .integer(answerTokens))
        report.set("secondsForAnswers", Report.number(Self.seconds(ContinuousClock.now - began)))
        try await settle(at: endpoint)
    }

    /// The provider's own process; it loads the adapter only after checking it against the chain.
    private mutating func startServing() async throws -> RPCClient {
        let port = try Ports.firstOfFree(1)
        nodes["provider"] = try tool.start(
            [
                "serve", "run", "--adapter", adapter, "--model-path", modelPath,
                "--port", String(port), "--from", people.provider.key, "--keys", keys,
                "--url", rpc.url, "--home", home.appending(path: "provider").path,
            ],
            log: "provider.log"
        )
        let endpoint = RPCClient(url: "http://127.0.0.1:\(port)")
        serving = endpoint
        let models: JSON = try await wait(for: "answer of the serving endpoint", seconds: 60) {
            let reply = try await endpoint.get("/v1/models")
            return reply.status == 200 ? reply.body : JSON?.none
        }
        let entry = try models.list("data").first { $0["adapter"]?.string == adapter }
        guard let entry else { throw StoryFailure("the endpoint does not serve the adapter") }
        let onChain = try await rpc.call("adapter_get", ["id": .string(adapter)])
        try check(
            try entry.text("root") == onChain.text("terms.canonicalRoot"),
            "\(endpoint.url)/v1/models lists the adapter with the chain's own root, verified at "
                + "height \(try entry.count("verified_height"))"
        )
        servedName = try entry.text("id")
        return endpoint
    }

    private func refuseWithoutPayment(_ endpoint: RPCClient) async throws {
        let reply = try await endpoint.post(
            "/v1/completions",
            ["model": .string(servedName), "prompt": "Hello", "max_tokens": 4, "temperature": 0]
        )
        try check(
            reply.status == 402,
            "without a voucher /v1/completions answers 402: "
                + "\(try reply.body.text("error.message"))"
        )
    }

    private func questions() throws -> [(subject: String, prompt: String)] {
        let file = project.appending(path: "examples/questions.jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            let row = try JSON.parse(String($0))
            return (try row.text("subject"), try row.text("prompt"))
        }
    }

    private mutating func ask(
        _ question: (subject: String, prompt: String),
        at endpoint: RPCClient
    ) async throws {
        let answer = try await tool.json([
            "serve", "ask", question.prompt, "--endpoint", endpoint.url, "--adapter", adapter,
            "--channel", channel,
            "--max-tokens", "48", "--from", people.user.key, "--keys", keys, "--url", rpc.url,
        ])
        let text = try answer.text("text").trimmingCharacters(in: .whitespacesAndNewlines)
        screen.note("\(question.prompt)")
        screen.faint("\(text)")
        answerTokens += try answer.count("usage.completion_tokens")
        asked.append((question.subject, question.prompt, try answer.text("receipt")))
    }

    private mutating func settle(at endpoint: RPCClient) async throws {
        for person in people.people {
            balances[person.address] = try await balance(person.address)
        }
        let made = try await send(
            [
                "serve", "settle", "--adapter", adapter, "--channel", channel,
                "--endpoint", endpoint.url,
            ],
            from: people.provider,
            showsProgress: true
        )
        for kind in ["inference", "attribution"] {
            let ended = try await rpc.call(
                "claim_get",
                ["id": .string(try made.text("\(kind)Claim"))]
            )
            try check(
                try ended.text("phase") == "final",
                "\(kind): \(try ended.count("terms.unitCount")) units, found valid by "
                    + "\(try verifiers(of: ended))"
            )
        }
        settlement = try made.text("settlement")
        queries = try made.list("queries")
        let value = try await rpc.call("settlement_get", ["id": .string(settlement)])
        var sum = Money(units: 0)
        for payout in try value.list("payouts") where try payout.text("role") != "slash" {
            sum = sum + (try payout.money("amount"))
        }
        let total = try value.money("total")
        try check(
            sum == total && total.units > 0,
            "the settlement pays out \(total) OPEN, to the last unit"
        )
        report.set("settlement", value)
        report.set("queries", .array(queries))
    }
}
