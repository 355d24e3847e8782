import Foundation
import Testing

/// What the command says and how it ends when something is wrong before any node is asked.
@Suite("Command: bad input") struct BadInputTests {
    let tool: Tool

    init() throws { tool = try Tool() }

    @Test("a command line that makes no sense ends with 64")
    func usage() async throws {
        #expect(try await tool.run(["bogus"]).status == 64)
        #expect(try await tool.run(["query", "block", "many"]).status == 64)
        #expect(try await tool.run(["--help"]).status == 0)
        tool.remove()
    }

    @Test("without a node, 3")
    func noNode() async throws {
        let url = "http://127.0.0.1:9"
        try await tool.expect(3, "no node answers at \(url)", ["query", "status", "--url", url])
        try await tool.expect(
            3,
            "no node answers at \(url)",
            ["query", "status"],
            environment: ["OPENLEDGER_URL": url]
        )
        tool.remove()
    }

    @Test("keys that are missing, sealed or not kept safely, 7")
    func keys() async throws {
        let keys = tool.path("keys")
        let password = try tool.write("password", "correct horse\n")
        let wrong = try tool.write("wrong", "battery staple\n")
        let made = try await tool.run([
            "keys", "new", "alice", "--keys", keys, "--password-file", password, "--output", "json",
        ])
        #expect(made.status == 0)
        #expect(made.json["words"]?.string?.split(separator: " ").count == 24)
        let send = [
            "tx", "send", "topen1x", "1", "--from", "alice", "--keys", keys, "--url",
            "http://127.0.0.1:9",
        ]
        try await tool.expect(
            7,
            "exists already",
            ["keys", "new", "alice", "--keys", keys, "--unsealed"]
        )
        try await tool.expect(7, "there is no key file", ["keys", "show", "bob", "--keys", keys])
        try await tool.expect(7, "is sealed", send)
        try await tool.expect(7, "does not open", send + ["--password-file", wrong])
        try await tool.expect(3, "no node answers", send + ["--password-file", password])
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644],
            ofItemAtPath: keys + "/alice.json"
        )
        try await tool.expect(7, "may be read by others", send + ["--password-file", password])
        try await tool.expect(7, "is no name for a key", ["keys", "show", "../x", "--keys", keys])
        tool.remove()
    }

    @Test("words give the same key again, and wrong words are refused")
    func words() async throws {
        let keys = tool.path("keys")
        let made = try await tool.run([
            "keys", "new", "a", "--keys", keys, "--unsealed", "--output", "json",
        ])
        let words = try tool.write("words", made.json["words"]?.string ?? "")
        let again = try await tool.run([
            "keys", "import", "b", "--file", words, "--keys", keys, "--unsealed", "--output",
            "json",
        ])
        #expect(again.json["address"] == made.json["address"])
        let wrong = try tool.write("wrong", "abandon abandon zoo")
        try await tool.expect(
            2,
            "no words of a wallet",
            ["keys", "import", "c", "--file", wrong, "--keys", keys, "--unsealed"]
        )
        tool.remove()
    }

    @Test("configurations and genesis documents with mistakes, 2 with the place")
    func documents() async throws {
        let file = try tool.write("c.toml", "[rpc]\nprot = 1\n")
        try await tool.expect(2, "line 2: there is no setting rpc.prot", ["config", "check", file])
        let genesis = try tool.write("g.json", "{\"chain\": \"x\"}")
        try await tool.expect(2, "lacks time", ["config", "check", genesis])
        try await tool.expect(
            2,
            "lacks time",
            ["node", "init", "--genesis", genesis, "--home", tool.path("n")]
        )
        try await tool.expect(
            2,
            "there is no file",
            ["node", "init", "--genesis", tool.path("none"), "--home", tool.path("n")]
        )
        try await tool.expect(
            2,
            "OPENLEDGER_RPC_PROT",
            ["config", "show"],
            environment: ["OPENLEDGER_RPC_PROT": "1"]
        )
        try await tool.expect(2, "is not name=value", ["config", "show", "--set", "rpc.port"])
        tool.remove()
    }

    @Test("homes that are there already, or cannot be made, 8")
    func homes() async throws {
        let network = tool.path("network")
        let made = try await tool.run(["devnet", "init", "--home", network, "--validators", "1"])
        #expect(made.status == 0)
        try await tool.expect(8, "there is a network in", ["devnet", "init", "--home", network])
        let file = try tool.write("file", "")
        try await tool.expect(8, "cannot be made", ["devnet", "init", "--home", file + "/x"])
        try await tool.expect(8, "is no node's home", ["node", "run", "--home", tool.path("none")])
        let genesis = network + "/genesis.json"
        try await tool.expect(
            8,
            "is a node's home already",
            ["node", "init", "--genesis", genesis, "--home", network]
        )
        tool.remove()
    }
}
