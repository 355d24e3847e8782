import Foundation
import JSON
import Testing

/// A network of one validator in a process of its own.
struct RunningNode: Sendable {
    let tool: Tool
    let network: String
    let url: String
    let process: Process

    var home: String { network + "/validator-0" }
    var keys: String { network + "/keys" }

    /// What a command needs to sign as an account of the network.
    func signing(_ account: Int) -> [String] {
        ["--from", "account-\(account)", "--keys", keys, "--url", url, "--yes", "--output", "json"]
    }

    /// Runs `body` against a node that answers, and stops the node.
    static func with(_ body: (RunningNode) async throws -> Void) async throws {
        let tool = try Tool()
        let network = tool.path("network")
        // Tests of other processes may run at the same time.
        let port = 30_000 + Int.random(in: 0..<15_000) * 2
        let made = try await tool.run([
            "devnet", "init", "--home", network, "--validators", "1", "--base-port", String(port),
        ])
        #expect(made.status == 0, "\(made.errors)")
        let process = try tool.start(
            ["node", "run", "--home", network + "/validator-0"],
            log: "log"
        )
        let node = RunningNode(
            tool: tool,
            network: network,
            url: "http://127.0.0.1:\(port)",
            process: process
        )
        do {
            try await node.waitForHeight(1)
            try await body(node)
        } catch {
            process.terminate()
            process.waitUntilExit()
            throw error
        }
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "a node that is asked to stop ends with 0")
        tool.remove()
    }

    func height() async throws -> UInt64? {
        let outcome = try await tool.run(["query", "status", "--url", url, "--output", "json"])
        return outcome.json["height"]?.integer(UInt64.self)
    }

    func waitForHeight(_ wanted: UInt64) async throws {
        for _ in 0..<150 {
            if let height = try await height(), height >= wanted { return }
            try await Task.sleep(for: .milliseconds(200))
        }
        let log = try String(contentsOfFile: tool.path("log"), encoding: .utf8)
        Issue.record("no block \(wanted) after 30 seconds: \(log.suffix(2_000))")
    }
}
