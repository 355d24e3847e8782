import ExactMath
import Foundation
import JSON
import LanguageModel
import ModelTestSupport
import Testing
import Workbench

@Suite("Workbench: models") struct ModelToolsTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let small = root.appending(path: "models/small").path

    static func tools() throws -> ModelTools { try ModelTools(LocalModel(path: small)) }

    static func object(_ text: String) throws -> JSONObject {
        try #require(JSON.parse(text).object)
    }

    @Test("text becomes ids, and ids the same text")
    func tokenize() throws {
        let tools = try Self.tools()
        let answer = try tools.tokenize(Self.object(#"{"text":"The bread rises.","extra":0}"#))
        #expect(answer.object?.keys == ["ids"])
        #expect(answer["ids"]?.array?.isEmpty == false)
        #expect(try tools.tokenize(#require(answer.object)) == ["text": "The bread rises."])
    }

    @Test("probabilities at all positions are those of the logits, and the mean is the loss")
    func logits() throws {
        let tools = try Self.tools()
        let text = String(repeating: "The bread rises in a warm place. ", count: 9)
        let request = try Self.object(
            JSON.object(.init([.init(key: "text", value: .string(text))])).compactText
        )
        let answer = try tools.logits(request, top: 3)
        let ids = try #require(answer["ids"]?.array).compactMap { $0.integer(UInt32.self) }
        #expect(ids.count > 64, "several pieces of rows")
        let positions = try #require(answer["positions"]?.array)
        #expect(positions.count == ids.count)
        let model = tools.local.bundle.model
        let matrix = try model.logits(ids)
        for (position, entry) in positions.enumerated() {
            #expect(entry["position"] == .integer(position))
            let top = try #require(entry["top"]?.array)
            let row = matrix.row(position)
            let order = row.indices.sorted { (row[$1], $0) < (row[$0], $1) }
            #expect(top.compactMap { $0.array?.first?.integer(Int.self) } == Array(order.prefix(3)))
            let loss = try CrossEntropy.losses(
                matrix.rows(position..<position + 1),
                targets: [UInt32(order[2])]
            )
            #expect(top[2].array?.last?.double == -loss[0])
        }
        let record = try #require(TokenizedRecord(tokens: ids, completionStart: 1))
        let loss = try model.meanLoss([record])
        #expect(answer["mean_nll"]?.double == loss)
        let perplexity = try tools.perplexity(request, window: 4_096)
        #expect(perplexity["mean_nll"]?.double == loss)
        let windowed = try #require(tools.perplexity(request, window: 32)["mean_nll"]?.double)
        #expect(windowed != loss && abs(windowed - loss) < 1, "\(windowed) \(loss)")
    }

    @Test("one token has no loss, and no token is a bad line")
    func shortInput() throws {
        let tools = try Self.tools()
        #expect(try tools.logits(Self.object(#"{"ids":[5]}"#), top: 1)["mean_nll"] == .null)
        #expect(throws: LineDefect(field: "ids", "there are no ids")) {
            try tools.logits(Self.object(#"{"ids":[]}"#), top: 1)
        }
        #expect(throws: LineDefect(field: "text", "there is neither text nor ids")) {
            try tools.logits(Self.object("{}"), top: 1)
        }
        #expect(throws: LineDefect(field: "text", "text is a number, not a string")) {
            try tools.tokenize(Self.object(#"{"text":1}"#))
        }
        #expect(throws: LineDefect(field: "ids", "ids[1] is no token id below 2048")) {
            try tools.tokenize(Self.object(#"{"ids":[1,2048]}"#))
        }
    }

    @Test("generation is the model's own, within the line's limit")
    func generate() throws {
        let tools = try Self.tools()
        let request = try Self.object(#"{"text":"Question: How do I bake bread?","max_tokens":5}"#)
        let answer = try tools.generate(request, maxTokens: 64)
        #expect(answer.object?.keys == ["ids", "text"])
        let bundle = tools.local.bundle
        let expected = try bundle.model.generateGreedily(
            bundle.tokenizer.encode("Question: How do I bake bread?"),
            maxTokens: 5
        )
        #expect(answer["ids"]?.array?.count == expected.tokens.count)
        #expect(answer["text"]?.string == bundle.tokenizer.decode(expected.tokens))
        #expect(throws: LineDefect.self) {
            try tools.generate(Self.object(#"{"text":"a","max_tokens":-1}"#), maxTokens: 1)
        }
    }

    @Test("a model that is not there or is broken is one sentence")
    func badModel() {
        #expect(throws: WorkbenchError.badFile("there is no model at /none")) {
            try LocalModel(path: "/none")
        }
        #expect(throws: WorkbenchError.self) { try LocalModel(path: #filePath) }
        #expect(throws: WorkbenchError.self) {
            try LocalModel(path: Self.small, adapter: Self.small)
        }
    }
}
