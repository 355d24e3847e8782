import Foundation
import JSON
import Testing

/// The tools that look into models, as processes.
@Suite("Command: tools") struct ToolCommandTests {
    let tool: Tool
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let model = root.appending(path: "models/small").path

    init() throws { tool = try Tool() }

    private func lines(_ outcome: Tool.Outcome) throws -> [JSON] {
        try outcome.output.split(separator: "\n").map { try JSON.parse(String($0)) }
    }

    @Test("JSON lines are answered in order; a bad one is named in its place and ends with 2")
    func badLine() async throws {
        let file = try tool.write("in.jsonl", "{\"text\":\"Bread\"}\n{\"txt\":1}\n{\"ids\":[5]}\n")
        let outcome = try await tool.run([
            "model", "tokenize", "--model", Self.model, file, "--json",
        ])
        #expect(outcome.status == 2)
        #expect(outcome.complaint == "error: 1 of 3 lines could not be answered")
        let answers = try lines(outcome)
        #expect(answers.count == 3)
        #expect(answers[0].object?.keys == ["ids"])
        #expect(
            answers[1] == [
                "error": ["line": 2, "field": "text", "message": "there is neither text nor ids"]
            ]
        )
        #expect(answers[2].object?.keys == ["text"])
        tool.remove()
    }

    @Test("standard input is answered line by line, while it is still open")
    func pipe() async throws {
        let (process, input, output) = try tool.talk(
            ["model", "logits", "--model", Self.model, "--top", "2", "--json"]
        )
        for text in ["Bread rises", "Violins"] {
            try input.write(contentsOf: Data("{\"text\":\"\(text)\"}\n".utf8))
            let answer = try JSON.parse(String(decoding: output.availableData, as: UTF8.self))
            #expect(answer.object?.keys == ["ids", "mean_nll", "positions"])
            #expect(answer["positions"]?.array?.first?["top"]?.array?.count == 2)
        }
        try input.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        tool.remove()
    }

    @Test("generation, perplexity and inspection, for scripts and for people")
    func models() async throws {
        let file = try tool.write(
            "in",
            "{\"text\":\"Question: What is yeast?\",\"max_tokens\":4}\n"
        )
        let made = try await tool.run(["model", "generate", "--model", Self.model, file, "--json"])
        #expect(made.status == 0, "\(made.errors)")
        #expect(try lines(made).first?.object?.keys == ["ids", "text"])
        let plain = try await tool.run([
            "model", "perplexity", "--model", Self.model, "--text", "Bread rises in the oven.",
        ])
        #expect(plain.status == 0 && plain.output.contains("perplexity:"), "\(plain.errors)")
        let shown = try await tool.run(["model", "inspect", "--model", Self.model, "--json"])
        #expect(try lines(shown).first?["vocabulary"] == 2048)
        try await tool.expect(
            2,
            "there is no model at /none",
            ["model", "tokenize", "--model", "/none", "--text", "a"]
        )
        let range = ["model", "logits", "--model", Self.model, "--top", "-1", "--text", "a"]
        #expect(try await tool.run(range).status == 64)
        tool.remove()
    }
}
