import Foundation
import JSON
import Testing

/// What an operator does to a home, while its node runs and while it does not.
@Suite("Command: administration", .serialized) struct AdministrationTests {
    private func stop(_ process: Process) {
        process.terminate()
        process.waitUntilExit()
    }

    @Test("a backup of a running node comes back, and its validator never signs twice")
    func backup() async throws {
        try await RunningNode.with { node in
            let tool = node.tool
            try await node.waitForHeight(2)
            let copy = tool.path("copy")
            let home = ["--home", node.home]
            let made = try await tool.run(["backup", copy, "--output", "json"] + home)
            #expect(made.status == 0, "\(made.errors)")
            let height = try #require(made.json["height"]?.integer(UInt64.self))
            #expect(height >= 2)
            let names = try FileManager.default.contentsOfDirectory(atPath: copy)
            #expect(names.contains("backup.json") && names.contains("chain"))
            #expect(!names.contains("keys") && !names.contains("signed"))
            try await tool.expect(8, "exists already", ["backup", copy] + home)
            try await node.waitForHeight(height + 2)
            try await tool.expect(8, "in use", ["restore", copy, "--replace"] + home)
            try await tool.expect(8, "in use", ["keys", "export-signing-record"] + home)

            stop(node.process)
            try await tool.expect(8, "--replace", ["restore", copy] + home)
            let restored = try await tool.run(
                ["restore", copy, "--replace", "--output", "json"] + home
            )
            #expect(restored.status == 0, "\(restored.errors)")
            #expect(restored.json["signing"]?.string?.contains("is silent until") == true)
            let again = try tool.start(["node", "start"] + home, log: "again")
            try await node.waitForHeight(height)
            try await Task.sleep(for: .milliseconds(1_500))
            #expect(try await node.height() == height, "a lone validator waits for what was lost")
            stop(again)
            let log = try String(contentsOfFile: tool.path("again"), encoding: .utf8)
            #expect(log.contains("the log has lost votes of this validator"))
        }
    }

    @Test("half a backup, another chain's, or none is refused")
    func badBackups() async throws {
        let tool = try Tool()
        defer { tool.remove() }
        let copy = tool.path("copy")
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        try await tool.expect(2, "no whole backup", ["restore", copy])
        try tool.write("copy/backup.json", "{}")
        try await tool.expect(2, "does not describe", ["restore", copy])
        try await tool.expect(8, "no node's home", ["backup", tool.path("other")])
        try await tool.expect(8, "no node's home", ["prune"])
    }

    @Test("the doctor finds a running node well, and says what is wrong with a home")
    func doctor() async throws {
        try await RunningNode.with { node in
            let tool = node.tool
            let well = try await tool.run(["doctor", "--home", node.home, "--output", "json"])
            #expect(well.status == 0, "\(well.output)")
            let verdicts = well.json.array?.compactMap { $0["check"]?.string } ?? []
            for check in ["disk writes", "signing record", "node", "peers", "clock"] {
                #expect(verdicts.contains(check), "\(verdicts)")
            }
            let pruned = try await tool.run(
                ["prune", "--states", "1", "--home", node.home, "--output", "json"]
            )
            #expect(pruned.status == 0, "\(pruned.errors)")
            #expect(pruned.json["earliestBlock"]?.integer(Int.self) == 1)
            stop(node.process)
            let stopped = try await tool.run(["doctor", "--home", node.home])
            #expect(stopped.status == 0, "\(stopped.output)")
            #expect(stopped.output.contains("blocks follow each other"))

            try Data("x".utf8).write(to: URL(filePath: node.home + "/signed"))
            let damaged = try await tool.run(["doctor", "--home", node.home])
            #expect(damaged.status == 1)
            #expect(damaged.output.contains("fail  signing record"))
        }
        let tool = try Tool()
        defer { tool.remove() }
        let none = try await tool.run(["doctor", "--home", tool.path("none")])
        #expect(none.status == 1 && none.output.contains("openledger node init"))
    }

    @Test("a signing record moves to another machine, and only forward")
    func signingRecord() async throws {
        try await RunningNode.with { node in
            let tool = node.tool
            try await node.waitForHeight(2)
            stop(node.process)
            let home = ["--home", node.home]
            let first = try await tool.run(["keys", "export-signing-record"] + home)
            #expect(first.status == 0, "\(first.errors)")
            let old = try tool.write("old.json", first.output)
            let again = try tool.start(["node", "run"] + home, log: "again")
            try await node.waitForHeight(5)
            stop(again)
            let second = try await tool.run(["keys", "export-signing-record"] + home)
            let new = try tool.write("new.json", second.output)

            let other = tool.path("other")
            let made = try await tool.run([
                "node", "init", "--home", other, "--genesis", node.network + "/genesis.json",
            ])
            #expect(made.status == 0, "\(made.errors)")
            let target = ["--home", other]
            try await tool.expect(5, "nothing", ["keys", "export-signing-record"] + target)
            let taken = try await tool.run(["keys", "import-signing-record", new] + target)
            #expect(taken.status == 0, "\(taken.errors)")
            try await tool.expect(4, "already", ["keys", "import-signing-record", old] + target)
            let moved = try await tool.run(["keys", "export-signing-record"] + target)
            #expect(moved.output == second.output)
            let nonsense = try tool.write("nonsense.json", "{\"format\": 1}")
            try await tool.expect(
                2,
                "no signing record",
                ["keys", "import-signing-record", nonsense] + target
            )
        }
    }

    @Test("a validator signs through a signer process, and stops when it is gone")
    func signer() async throws {
        try await RunningNode.with { node in
            let tool = node.tool
            stop(node.process)
            let signer = tool.path("signer")
            try FileManager.default.createDirectory(
                atPath: signer + "/keys",
                withIntermediateDirectories: true
            )
            for name in ["genesis.json", "keys/validator.json", "signed"] {
                try FileManager.default.moveItem(
                    atPath: "\(node.home)/\(name)",
                    toPath: "\(signer)/\(name)"
                )
            }
            try FileManager.default.copyItem(
                atPath: signer + "/genesis.json",
                toPath: node.home + "/genesis.json"
            )
            let settings = [
                "--home", node.home, "--set", "keys.validator=", "--set",
                "keys.signer=unix:\(signer)/signer.sock",
            ]
            try await tool.expect(7, "signer cannot be reached", ["node", "run"] + settings)
            let process = try tool.start(["signer", "start", "--home", signer], log: "signer.log")
            try await Task.sleep(for: .milliseconds(700))
            let again = try tool.start(["node", "run"] + settings, log: "again")
            let before = try #require(try await node.heightSoon())
            try await node.waitForHeight(before + 3)
            try await tool.expect(8, "in use", ["signer", "start", "--home", signer])
            stop(process)
            let last = try #require(try await node.height())
            try await Task.sleep(for: .milliseconds(1_500))
            #expect(try #require(try await node.height()) <= last + 1)
            // Alone it has nobody who would carry it to another height, so it begins anew.
            stop(again)
            let third = try tool.start(["signer", "start", "--home", signer], log: "signer.log")
            try await Task.sleep(for: .milliseconds(700))
            let fourth = try tool.start(["node", "run"] + settings, log: "fourth")
            try await node.waitForHeight(last + 3)
            stop(fourth)
            stop(third)
        }
    }
}

extension RunningNode {
    /// The height once the node answers; nil after ten seconds.
    fileprivate func heightSoon() async throws -> UInt64? {
        for _ in 0..<50 {
            if let height = try await height() { return height }
            try await Task.sleep(for: .milliseconds(200))
        }
        return nil
    }
}
