import Foundation
import JSON
import Testing

/// Adapters and models in other forms, as processes.
@Suite("Command: conversions") struct ConversionCommandTests {
    let tool: Tool

    init() throws { tool = try Tool() }

    private func adapter() async throws -> String {
        let rows = (0..<6).map { #"{"prompt":"Loaf \#($0)?","completion":" Flour and water."}"# }
        let data = try tool.write("rows.jsonl", rows.joined(separator: "\n"))
        let folder = tool.path("adapter")
        let made = try await tool.run([
            "factory", "train", "--data", data, "--model", ToolCommandTests.model, "--into",
            folder, "--steps", "2", "--batch", "2", "--suspects", "0", "--no-index",
        ])
        try #require(made.status == 0, "\(made.errors)")
        return folder
    }

    private func tokens(_ model: String, _ more: [String] = []) async throws -> JSON? {
        let file = try tool.write("in.jsonl", "{\"text\":\"Loaf 2?\",\"max_tokens\":6}\n")
        let made = try await tool.run(
            ["model", "generate", "--model", model, file, "--json"] + more
        )
        #expect(made.status == 0, "\(made.errors)")
        return made.json["ids"]
    }

    @Test("an adapter becomes a GGUF file, and part of a model that answers as both together")
    func adapters() async throws {
        let adapter = try await adapter()
        let (file, merged) = (tool.path("adapter.gguf"), tool.path("merged"))
        let model = ToolCommandTests.model
        let converted = try await tool.run([
            "adapter", "convert", adapter, "--model", model, "--into", file, "--json",
        ])
        #expect(converted.status == 0, "\(converted.errors)")
        let bytes = try Data(contentsOf: URL(filePath: file))
        #expect(bytes.starts(with: Data("GGUF".utf8)))
        #expect(converted.json["bytes"] == .integer(bytes.count))
        try await tool.expect(
            2,
            "exists already",
            ["adapter", "convert", adapter, "--model", model, "--into", file]
        )
        let worked = try await tool.run([
            "adapter", "merge", adapter, "--model", model, "--into", merged, "--json",
        ])
        #expect(worked.status == 0, "\(worked.errors)")
        #expect(try await tokens(merged) == tokens(model, ["--adapter", adapter]))
        tool.remove()
    }

    @Test("a model's twin in four bits is a folder that computes, and has no twin itself")
    func quantize() async throws {
        let twin = tool.path("nf4")
        let made = try await tool.run([
            "model", "quantize", "--model", ToolCommandTests.model, "--into", twin, "--json",
        ])
        #expect(made.status == 0, "\(made.errors)")
        let (after, before) = (made.json["bytes"]?.double, made.json["bytes_before"]?.double)
        #expect(try #require(after) < 0.9 * #require(before))
        #expect(try await tokens(twin)?.array?.count == 6)
        try await tool.expect(
            2,
            "quantised already",
            ["model", "quantize", "--model", twin, "--into", tool.path("again")]
        )
        try await tool.expect(
            2,
            "is a GGUF file",
            ["model", "quantize", "--model", try tool.write("x", "GGUF"), "--into", tool.path("b")]
        )
        tool.remove()
    }
}
