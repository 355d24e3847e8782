import Foundation
import JSON
import Primitives
import Testing

/// A follower that joins a running validator by a snapshot, a light client over both, and an archive
/// of the one for a third: each a process of its own.
@Suite("Command: joining and verifying", .serialized) struct JoinCommandTests {
    private struct Network {
        let tool: Tool
        let port: Int
        var url: String { "http://127.0.0.1:\(port)" }
        var validator: String { tool.path("network") + "/validator-0" }
        var genesis: String { validator + "/genesis.json" }
    }

    private func begin() async throws -> (Network, Process) {
        let tool = try Tool()
        let port = 30_000 + Int.random(in: 0..<13_000) * 2
        let network = Network(tool: tool, port: port)
        let made = try await tool.run([
            "devnet", "init", "--home", tool.path("network"), "--validators", "1", "--base-port",
            String(port),
        ])
        #expect(made.status == 0, "\(made.errors)")
        let process = try tool.start(
            [
                "node", "run", "--home", network.validator, "--set", "snapshots.interval=3",
                "--set", "snapshots.kept=50",
            ],
            log: "validator.log"
        )
        return (network, process)
    }

    /// Waits until `check` gives something, for twenty seconds.
    private func wait<Value>(
        _ what: String,
        _ check: () async throws -> Value?
    ) async throws -> Value? {
        for _ in 0..<200 {
            if let value = try await check() { return value }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("\(what) did not happen in 20 seconds")
        return nil
    }

    private func height(_ network: Network, _ url: String) async throws -> UInt64? {
        try await network.tool.run(["query", "status", "--url", url, "--output", "json"])
            .json["height"]?.integer(UInt64.self)
    }

    @Test("a follower joins by a snapshot, and a light client serves what both nodes prove")
    func join() async throws {
        let (network, validator) = try await begin()
        var processes = [validator]
        defer {
            for process in processes {
                process.terminate()
                process.waitUntilExit()
            }
            network.tool.remove()
        }
        let tool = network.tool
        _ = try await wait("a snapshot") {
            let list = try await tool.run([
                "snapshot", "list", "--home", network.validator, "--output", "json",
            ])
            return list.json["snapshots"]?.array?.last
        }
        let follower = tool.path("follower")
        let made = try await tool.run([
            "node", "init", "--home", follower, "--genesis", network.genesis, "--set",
            "network.peers=127.0.0.1:\(network.port + 1)", "--set", "network.port=0", "--set",
            "rpc.port=\(network.port + 7_001)", "--set", "metrics.enabled=false", "--set",
            "state_sync.trust_days=36500",
        ])
        #expect(made.status == 0, "\(made.errors)")
        processes.append(
            try tool.start(
                ["node", "run", "--home", follower, "--state-sync"],
                log: "follower.log"
            )
        )
        let url = "http://127.0.0.1:\(network.port + 7_001)"
        _ = try await wait("the follower's start") { try await height(network, url) }
        let log = try String(contentsOfFile: tool.path("follower.log"), encoding: .utf8)
        #expect(log.contains("state sync: joined at height"), "\(log.suffix(1_000))")
        try await tool.expect(
            3,
            "older than this node keeps",
            ["query", "block", "1", "--url", url]
        )
        try await checkLight(network, follower: url, &processes)
        try await checkArchive(network)
    }

    private func checkLight(
        _ network: Network,
        follower: String,
        _ processes: inout [Process]
    ) async throws {
        let tool = network.tool
        let port = network.port + 7_003
        processes.append(
            try tool.start(
                [
                    "light", "--genesis", network.genesis, "--primary", network.url, "--witness",
                    follower, "--trust-days", "36500", "--port", String(port),
                ],
                log: "light.log"
            )
        )
        let url = "http://127.0.0.1:\(port)"
        let shown = try await tool.run([
            "keys", "show", "account-0", "--keys", tool.path("network") + "/keys", "--output",
            "json",
        ])
        let address = try #require(shown.json["address"]?.string)
        let balance = try await wait("an answer of the light client") {
            let answer = try await tool.run([
                "query", "balance", address, "--url", url, "--output", "json",
            ])
            return answer.status == 0 ? answer.json["balance"]?.string : nil
        }
        let plain = try await tool.run([
            "query", "balance", address, "--url", network.url, "--output", "json",
        ])
        #expect(balance != nil && balance == plain.json["balance"]?.string)
        let id = "0x" + String(repeating: "7", count: 64)
        try await tool.expect(5, "does not exist", ["query", "adapter", id, "--url", url])
        let status = try await tool.run([
            "query", "call", "light_status", "--url", url, "--output", "json",
        ])
        #expect(status.json["conflict"]?.isNull == true)
        #expect(status.json["latest"]?["height"]?.integer(UInt64.self) ?? 0 > 0)
    }

    private func checkArchive(_ network: Network) async throws {
        let tool = network.tool
        let file = tool.path("archive")
        let made = try await tool.run([
            "snapshot", "create", file, "--home", network.validator, "--output", "json",
        ])
        #expect(made.status == 0, "\(made.errors)")
        let checkpoint = try #require(made.json["checkpoint"]?.string)
        let third = tool.path("third")
        _ = try await tool.run(["node", "init", "--home", third, "--genesis", network.genesis])
        let restore = ["snapshot", "restore", file, "--home", third, "--output", "json"]
        try await tool.expect(6, "trust period", restore)
        try await tool.expect(
            6,
            "not the checkpoint",
            restore + [
                "--checkpoint",
                "\(checkpoint.prefix { $0 != ":" }):" + String(repeating: "7", count: 64),
            ]
        )
        let restored = try await tool.run(restore + ["--checkpoint", checkpoint])
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(restored.json["block"] == made.json["block"])
    }
}
