import Foundation
import JSON
import Testing

/// What an owner does with a validator, and what becomes of a chain that votes for a version that
/// nobody has: the node stops before it, and its state begins another chain.
@Suite("Command: validator", .serialized) struct ValidatorCommandTests {
    /// A network of one validator with short epochs, which is given a second hot key.
    private func start() async throws -> (node: RunningNode, next: String) {
        let tool = try Tool()
        let network = tool.path("network")
        let port = 30_000 + Int.random(in: 0..<15_000) * 2
        let made = try await tool.run([
            "devnet", "init", "--home", network, "--validators", "1", "--base-port", "\(port)",
        ])
        try #require(made.status == 0, "\(made.errors)")
        let home = network + "/validator-0"
        var genesis = try String(contentsOfFile: home + "/genesis.json", encoding: .utf8)
        for (old, new) in [
            ("\"epochLength\": 20", "\"epochLength\": 2"),
            ("\"heartbeatMilliseconds\": 500", "\"heartbeatMilliseconds\": 100"),
            ("\"commissionHeights\": 100", "\"commissionHeights\": 1"),
            ("\"upgradeNoticeHeights\": 20", "\"upgradeNoticeHeights\": 2"),
        ] {
            #expect(genesis.contains(old))
            genesis = genesis.replacingOccurrences(of: old, with: new)
        }
        try genesis.write(toFile: home + "/genesis.json", atomically: true, encoding: .utf8)
        let key = try await tool.run([
            "keys", "new", "next", "--keys", home + "/keys", "--unsealed", "--output", "json",
        ])
        let next = try #require(key.json["publicKey"]?.string, "\(key.errors) \(key.output)")
        let process = try tool.start(run(home), log: "log")
        let node = RunningNode(
            tool: tool,
            network: network,
            url: "http://127.0.0.1:\(port)",
            process: process
        )
        try await node.waitForHeight(1)
        return (node, next)
    }

    private func run(_ home: String) -> [String] {
        ["node", "run", "--home", home, "--set", "keys.next_validator=keys/next.json"]
    }

    private func owner(_ node: RunningNode) -> [String] {
        [
            "--from", "validator-0", "--keys", node.keys, "--url", node.url, "--yes", "--output",
            "json",
        ]
    }

    @Test("a new key takes over, a version that nobody knows stops the node, its state lives on")
    func life() async throws {
        let (node, next) = try await start()
        defer { node.process.terminate() }
        let tool = node.tool
        let rotated = try await tool.run(
            ["validator", "rotate-key", "--hot-key", node.home + "/keys/next.json"] + owner(node)
        )
        #expect(rotated.status == 0, "\(rotated.errors)")
        let list = try await tool.run(["validator", "list", "--url", node.url, "--output", "json"])
        let address = try #require(list.json["items"]?.array?.first?["owner"]?.string)
        var shown = JSON.null
        for _ in 0..<100 where shown["key"]?.string != next {
            shown = try await tool.run([
                "validator", "show", address, "--url", node.url, "--output", "json",
            ]).json
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(shown["key"]?.string == next)
        #expect(shown["isInSet"] == true)
        let height = try #require(try await node.height())
        try await node.waitForHeight(height + 3)

        let commission = try await tool.run(["validator", "commission", "140"] + owner(node))
        #expect(commission.status == 0, "\(commission.errors)")
        let signing = owner(node).dropLast(2)
        try await tool.expect(
            4,
            "commissionChangeTooLarge",
            ["validator", "commission", "900"] + signing
        )
        try await tool.expect(4, "notJailed", ["validator", "unjail"] + signing)
        try await tool.expect(4, "wrongVersion", ["validator", "signal", "3"] + signing)
        let signalled = try await tool.run(["validator", "signal", "2"] + owner(node))
        #expect(signalled.status == 0, "\(signalled.errors)")
        try await stopsBeforeVersion(node)
        try await livesOn(node)
        tool.remove()
    }

    private func stopsBeforeVersion(_ node: RunningNode) async throws {
        for _ in 0..<150 where node.process.isRunning {
            try await Task.sleep(for: .milliseconds(100))
        }
        try #require(!node.process.isRunning)
        #expect(node.process.terminationStatus == 9)
        let log = try String(contentsOfFile: node.tool.path("log"), encoding: .utf8)
        #expect(log.contains("the chain speaks protocol version 2"))
        try await node.tool.expectEnd(9, "protocol version 2", run(node.home))
    }

    private func livesOn(_ node: RunningNode) async throws {
        let tool = node.tool
        let export = ["genesis", "export", "--home", node.home, "--chain"]
        try await tool.expect(2, "must differ", export + ["openledger-devnet"])
        let first = try await tool.run(export + ["openledger-devnet-2"])
        #expect(first.status == 0, "\(first.errors)")
        #expect(try await tool.run(export + ["openledger-devnet-2"]).output == first.output)
        let document = try tool.write("next.json", first.output)
        let home = tool.path("second")
        let made = try await tool.run(["node", "init", "--home", home, "--genesis", document])
        #expect(made.status == 0, "\(made.errors)")
        let port = 30_000 + Int.random(in: 0..<15_000) * 2
        let process = try tool.start(
            [
                "node", "run", "--home", home,
                "--set", "keys.validator=\(node.home)/keys/next.json",
                "--set", "rpc.port=\(port)", "--set", "network.port=\(port + 1)",
                "--set", "metrics.enabled=false",
            ],
            log: "log"
        )
        defer { process.terminate() }
        let second = RunningNode(
            tool: tool,
            network: node.network,
            url: "http://127.0.0.1:\(port)",
            process: process
        )
        try await second.waitForHeight(1)
        let balances = try #require(try JSON.parse(first.output)["balances"]?.array)
        #expect(balances.count > 5)
        for entry in balances.prefix(3) {
            let address = try #require(entry["address"]?.string)
            let found = try await tool.run([
                "query", "balance", address, "--url", second.url, "--output", "json",
            ])
            let text = try #require(entry["amount"]?.string?.split(separator: " ").first)
            let digits = text.replacing(".", with: "")
            #expect(found.json["balance"]?.string?.hasPrefix(digits) == true)
        }
    }
}

extension Tool {
    /// Checks how a command ends that logs before it does.
    fileprivate func expectEnd(
        _ status: Int32,
        _ words: String,
        _ arguments: [String]
    ) async throws {
        let outcome = try await run(arguments)
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(outcome.complaint.contains(words), "\(outcome.errors)")
    }
}
