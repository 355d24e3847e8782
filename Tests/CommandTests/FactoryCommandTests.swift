import Foundation
import Testing

/// Training on files, as processes that are killed.
@Suite("Command: factory") struct FactoryCommandTests {
    let tool: Tool

    init() throws { tool = try Tool() }

    private func data() throws -> String {
        let rows = (0..<12).map {
            #"{"prompt":"What is loaf \#($0)?","completion":" Loaf \#($0) is made of flour."}"#
        }
        return try tool.write("rows.jsonl", rows.joined(separator: "\n"))
    }

    /// Keeps its thread: a busy pool of tasks could be back only after the run has ended.
    private func killOnce(_ process: Process, wrote file: String) {
        for _ in 0..<5000 where !FileManager.default.fileExists(atPath: file) {
            Thread.sleep(forTimeInterval: 0.002)
        }
        kill(process.processIdentifier, SIGKILL)
    }

    private func training(_ data: String, into folder: String, _ more: [String] = []) -> [String] {
        [
            "factory", "train", "--data", data, "--model", ToolCommandTests.model, "--into",
            folder, "--steps", "128", "--batch", "2", "--suspects", "0", "--no-index",
            "--dropout", "0.1", "--rank-stabilised", "--schedule", "cosine",
        ] + more
    }

    @Test("a run that is killed goes on, and ends with the bits of one that was not")
    func resume() async throws {
        let data = try data()
        let (whole, cut) = (tool.path("whole"), tool.path("cut"))
        let straight = try await tool.run(training(data, into: whole))
        #expect(straight.status == 0, "\(straight.errors)")
        #expect(!FileManager.default.fileExists(atPath: whole + ".run"))

        let process = try tool.start(training(data, into: cut), log: "cut.log")
        killOnce(process, wrote: cut + ".run/unit-0000000.bin")
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        #expect(!FileManager.default.fileExists(atPath: cut))
        try await tool.expect(1, "factory resume", training(data, into: cut))

        let resumed = try await tool.run([
            "factory", "resume", cut, "--model-path", ToolCommandTests.model,
        ])
        #expect(resumed.status == 0, "\(resumed.errors)")
        for name in ["adapter_model.safetensors", "adapter_config.json"] {
            let ours = try Data(contentsOf: URL(filePath: cut + "/" + name))
            #expect(ours == (try Data(contentsOf: URL(filePath: whole + "/" + name))), "\(name)")
        }
        #expect(!FileManager.default.fileExists(atPath: cut + ".run"))
        tool.remove()
    }

    @Test("what is out of range or means no matrix is named before anything is written")
    func recipe() async throws {
        let data = try data()
        let folder = tool.path("none")
        try await tool.expect(
            2,
            "dropout",
            training(data, into: folder, ["--dropout", "1"])
        )
        try await tool.expect(
            2,
            "--targets nothing_proj",
            training(data, into: folder, ["--targets", "nothing_proj"])
        )
        try await tool.expect(
            2,
            "holds no run",
            ["factory", "resume", folder, "--model-path", ToolCommandTests.model]
        )
        let usage = try await tool.run(training(data, into: folder, ["--patience", "2"]))
        #expect(usage.status == 64 && usage.errors.contains("--split"))
        #expect(!FileManager.default.fileExists(atPath: folder + ".run"))
        tool.remove()
    }

    @Test("a dataset is described before training, and again after it, with QLoRA beside LoRA")
    func report() async throws {
        let data = try data()
        let more = try tool.write(
            "more.jsonl",
            (try String(contentsOfFile: data, encoding: .utf8))
                + "\n{\"prompt\":\"What is loaf 3?\",\"completion\":\" Nothing.\"}\n[1]\n"
        )
        let before = try await tool.run([
            "factory", "report", more, "--model", ToolCommandTests.model, "--json",
        ])
        #expect(before.status == 0, "\(before.errors)")
        #expect(before.json["records"] == 13 && before.json["cut_off"] == 0)
        #expect(before.json["skipped"]?.array?.first?["count"] == 1)
        #expect(before.json["conflicting_answers"]?["groups"]?.array?.first?["first"] == 3)
        #expect((before.json["tokens"]?["total"]?.integer(Int.self) ?? 0) > 100)
        let page = try await tool.run(["factory", "report", more])
        #expect(page.status == 0 && page.output.contains("languages (guess)"))

        let folder = tool.path("trained")
        let trained = try await tool.run([
            "factory", "train", "--data", data, "--model", ToolCommandTests.model, "--into",
            folder, "--steps", "4", "--batch", "2", "--held-out", data, "--compare-qlora",
            "--output", "json",
        ])
        #expect(trained.status == 0, "\(trained.errors)")
        let after = try await tool.run(["factory", "report", folder, "--json"])
        #expect(after.status == 0, "\(after.errors)")
        #expect(after.json["data"]?["records"] == 12)
        #expect(after.json["data"]?["median_loss"]?.double != nil)
        for side in ["lora", "qlora"] {
            let own = after.json["qlora"]?[side]
            #expect(own?["held_out_loss_after"]?.double != nil && own?["base_bytes"] != nil)
        }
        #expect(after.json["qlora"] == trained.json["qlora"])
        try await tool.expect(2, "there is no file", ["factory", "report", tool.path("no")])
        try await tool.expect(
            2,
            "has no .jsonl file",
            ["factory", "report", folder + "/openledger"]
        )
        let evaluated = try await tool.run([
            "factory", "evaluate", data, "--model", ToolCommandTests.model, "--adapter", folder,
            "--loss-on-all",
        ])
        #expect(evaluated.status == 0 && evaluated.output.contains("perplexity_after"))
        tool.remove()
    }
}
