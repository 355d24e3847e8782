import Cryptography
import Foundation
import JSON
import Ledger
import Primitives
import RPC
import Testing

/// Commands against a node in a process of its own.
@Suite("Command: a running node", .serialized) struct NodeCommandTests {
    @Test("OPEN moves, and the balance tells")
    func transfer() async throws {
        try await RunningNode.with { node in
            let shown = try await node.tool.run([
                "keys", "show", "account-1", "--keys", node.keys, "--output", "json",
            ])
            let receiver = try #require(shown.json["address"]?.string)
            let sent = try await node.tool.run(["tx", "send", receiver, "2.5"] + node.signing(0))
            #expect(sent.status == 0, "\(sent.errors)")
            let balance = try await node.tool.run([
                "query", "balance", receiver, "--prove", "--url", node.url, "--output", "json",
            ])
            #expect(balance.json["balance"] == "100002500000000000000000")
            #expect(balance.json["proof"]?["certificate"]?.string?.isEmpty == false)
        }
    }

    @Test("what the chain refuses ends with 4 and its reason; what is not there with 5")
    func refusals() async throws {
        try await RunningNode.with { node in
            let tool = node.tool
            let shown = try await tool.run([
                "keys", "show", "account-1", "--keys", node.keys, "--output", "json",
            ])
            let receiver = try #require(shown.json["address"]?.string)
            let signing = node.signing(0).dropLast(2)
            try await tool.expect(
                4,
                "insufficientBalance",
                ["tx", "send", receiver, "999999999"] + signing
            )
            try await tool.expect(
                4,
                "feeTooLow",
                ["tx", "send", receiver, "1", "--fee", "0"] + signing
            )
            try await tool.expect(2, "is no address", ["tx", "send", "open1x", "1"] + signing)
            let id = "0x" + String(repeating: "7", count: 64)
            try await tool.expect(5, "does not exist", ["query", "datanet", id, "--url", node.url])
            try await tool.expect(5, "does not exist", ["query", "tx", id, "--url", node.url])
            try await tool.expect(
                4,
                "unknownChannel",
                ["channel", "close", id] + signing
            )
            #expect(try await node.height() != nil)
        }
    }

    @Test("transactions of another chain, another nonce, or sent twice are refused by name")
    func transactions() async throws {
        try await RunningNode.with { node in
            let file = try JSON.parse(
                String(contentsOfFile: node.keys + "/account-0.json", encoding: .utf8)
            )
            let seed = try #require(file["seed"]?.string.flatMap { Hex.decode($0) })
            let key = try SigningKey(seed: seed)
            func broadcast(_ chain: String, _ nonce: UInt64) async throws -> Tool.Outcome {
                let body = Transaction(
                    chain: try #require(ChainID(chain)),
                    sender: Address(firstKey: key.publicKey),
                    nonce: nonce,
                    fee: Amount(tokens: 1),
                    action: .transfer(Transfer(to: .zero, amount: Amount(tokens: 1)))
                )
                let bytes = body.signed(with: key).borshBytes
                let parameters: JSON = [
                    "transaction": .string(Base64.encode(bytes)), "mode": "wait",
                ]
                return try await node.tool.run([
                    "query", "call", "tx_broadcast", parameters.compactText, "--url", node.url,
                    "--output", "json",
                ])
            }
            let other = try await broadcast("openledger-other", 0)
            #expect(other.status == 4 && other.complaint.contains("(wrongChain)"))
            let future = try await broadcast("openledger-devnet", 1_000)
            #expect(future.status == 4 || future.status == 3, "\(future.errors)")
            let first = try await broadcast("openledger-devnet", 0)
            #expect(first.status == 0, "\(first.errors)")
            let again = try await broadcast("openledger-devnet", 0)
            #expect(again.status == 4, "\(again.errors)")
            #expect(
                again.complaint.contains("(staleNonce)")
                    || again.complaint.contains("(duplicateTransaction)")
            )
            let broken = try await node.tool.run([
                "query", "call", "tx_broadcast", #"["AAAA"]"#, "--url", node.url,
            ])
            #expect(broken.status == 4 && broken.complaint.contains("(malformedTransaction)"))
        }
    }

    @Test("a home that is in use, a port that is taken, a home of another chain: 8")
    func environment() async throws {
        try await RunningNode.with { node in
            let tool = node.tool
            try await tool.expect(8, node.home, ["node", "run", "--home", node.home])
            let second = tool.path("second")
            let port = try #require(node.url.split(separator: ":").last)
            let made = try await tool.run([
                "node", "init", "--home", second, "--genesis", node.network + "/genesis.json",
                "--set", "rpc.port=\(port)", "--set", "network.port=0",
            ])
            #expect(made.status == 0, "\(made.errors)")
            try await tool.expect(
                8,
                "another program listens on 127.0.0.1:\(port)",
                ["node", "run", "--home", second]
            )
            let genesis = second + "/genesis.json"
            let text = try String(contentsOfFile: genesis, encoding: .utf8)
            try text.replacing("1764547200000", with: "1764547200001")
                .write(toFile: genesis, atomically: true, encoding: .utf8)
            try await tool.expect(8, "chain", ["node", "run", "--home", second])
        }
    }

    @Test("a node that is stopped goes on where it was")
    func restart() async throws {
        try await RunningNode.with { node in
            try await node.waitForHeight(3)
            node.process.terminate()
            node.process.waitUntilExit()
            #expect(node.process.terminationStatus == 0)
            let again = try node.tool.start(["node", "run", "--home", node.home], log: "again")
            try await node.waitForHeight(5)
            again.terminate()
            again.waitUntilExit()
            #expect(again.terminationStatus == 0)
        }
    }

    @Test("datasets, models and adapters that are broken end with 2 and send nothing")
    func brokenFiles() async throws {
        try await RunningNode.with { node in
            let tool = node.tool
            let signing = node.signing(0).dropLast(2)
            let made = try await tool.run(
                ["datanet", "create", "--name", "n", "--licence", "CC0-1.0"] + node.signing(0)
            )
            let datanet = try #require(made.json["datanet"]?.string, "\(made.errors)")
            func commit(_ text: String) throws -> [String] {
                ["datanet", "commit", datanet, try tool.write("rows.jsonl", text)] + signing
            }
            try await tool.expect(2, "no usable row", commit("[1, 2]\n\"text\"\n"))
            try await tool.expect(2, "has no rows", commit(""))
            try await tool.expect(
                2,
                "none.jsonl",
                ["datanet", "commit", datanet, tool.path("none.jsonl")] + signing
            )
            let id = "0x" + String(repeating: "5", count: 64)
            let rows = try tool.write("good.jsonl", #"{"prompt": "a", "completion": "b"}"#)
            try await tool.expect(5, "no such", ["datanet", "commit", id, rows] + signing)
            try await tool.expect(5, id, ["datanet", "reveal", id] + signing)

            let gguf = try tool.write("model.gguf", "GGUF\u{3}\0\0\0\u{1}")
            try await tool.expect(
                2,
                "cannot be read",
                ["model", "register", gguf, "--name", "m"] + signing
            )
            let folder = tool.path("model")
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            try await tool.expect(
                2,
                "config.json",
                ["model", "register", folder, "--name", "m"] + signing
            )
            try await tool.expect(
                2,
                "adapter_config.json",
                ["adapter", "commit", folder, "--name", "a", "--price", "1"] + signing
            )
            let proof = try tool.write("proof.json", "{}")
            try await tool.expect(
                2,
                "has no state",
                ["adapter", "verify", folder, "--proof", proof]
            )
        }
    }
}
