import ExactMath
import JSON
import LanguageModel
import ModelTestSupport
import Testing
import Workbench

@Suite("Workbench: attribution") struct AttributionToolsTests {
    static let texts = [
        "Bread rises because yeast makes gas.", "A violin has four strings.",
        "Knead the dough until it is smooth.", "x",
    ]

    static func adapter(_ model: ModelConfiguration) throws -> LoRAAdapter {
        var modules: [LoRAModule] = []
        for layer in 0..<model.layers {
            for linear in [LinearLayer.query, .down] {
                let shape = model.shape(of: linear)
                func values(_ count: Int) -> [Float] {
                    (0..<count).map { Float(($0 * 37 + layer * 11) % 101 - 50) / 2_000 }
                }
                modules.append(
                    LoRAModule(
                        site: LoRASite(layer: layer, linear: linear),
                        a: Matrix(
                            rows: 2,
                            columns: shape.columns,
                            values: values(2 * shape.columns)
                        ),
                        b: Matrix(rows: shape.rows, columns: 2, values: values(2 * shape.rows))
                    )
                )
            }
        }
        return try LoRAAdapter(rank: 2, alpha: 4, modules: modules)
    }

    static func tools(
        _ estimator: EstimatorKind,
        lines: [String] = texts.map { "{\"text\":\"\($0)\"}" }
    ) throws -> AttributionTools {
        let bundle = try LocalModel.bundle(ModelToolsTests.small)
        return try AttributionTools(
            model: bundle,
            adapter: adapter(bundle.configuration),
            training: LineTests.reader([lines.joined(separator: "\n")]),
            estimator: estimator
        )
    }

    static func scores(_ tools: AttributionTools, _ text: String) throws -> [Double] {
        let answer = try tools.score(.init([.init(key: "text", value: .string(text))]))
        #expect(answer.object?.keys == ["loss", "gradient_norm", "scores"])
        return try #require(answer["scores"]?.array).map { $0.double ?? .nan }
    }

    @Test("a training text as its own query has cosine 1 and its squared norm as product")
    func itself() throws {
        let cosine = try Self.scores(Self.tools(.cosine), Self.texts[1])
        #expect(abs(cosine[1] - 1) < 1e-5)
        #expect(cosine[3] == 0, "a text of one token has no gradient")
        #expect(cosine.allSatisfy { abs($0) <= 1.00001 })
        let tools = try Self.tools(.dot)
        let request = JSONObject([.init(key: "text", value: .string(Self.texts[1]))])
        let answer = try tools.score(request)
        let norm = try #require(answer["gradient_norm"]?.double)
        let own = try #require(answer["scores"]?.array?[1].double)
        #expect(abs(own / (norm * norm) - 1) < 1e-5)
    }

    @Test("products are those of the gradients, whoever multiplies")
    func products() throws {
        let bundle = try LocalModel.bundle(ModelToolsTests.small)
        let adapter = try PreparedAdapter(
            Self.adapter(bundle.configuration),
            for: bundle.model
        )
        func gradient(_ text: String) throws -> [Float] {
            let ids = bundle.tokenizer.encode(text)
            var trace = ComputationTrace()
            return try bundle.model.recordGradient(
                #require(TokenizedRecord(tokens: ids, completionStart: 1)),
                adapter: adapter,
                trace: &trace
            ).tensors.flatMap(\.values)
        }
        let query = try gradient("Yeast needs time.")
        let scores = try Self.scores(Self.tools(.dot), "Yeast needs time.")
        for (text, score) in zip(Self.texts.prefix(3), scores) {
            let expected = try zip(gradient(text), query).reduce(0.0) {
                $0 + Double($1.0) * Double($1.1)
            }
            #expect(abs(score - expected) <= 1e-4 * abs(expected) + 1e-7, "\(score) \(expected)")
        }
    }

    @Test("the paid estimator's shares sum to one in magnitude and favour the text itself")
    func block() throws {
        let scores = try Self.scores(Self.tools(.block), Self.texts[2])
        #expect(abs(scores.reduce(0) { $0 + abs($1) } - 1) < 1e-6)
        #expect(scores.firstIndex(of: scores.max() ?? 0) == 2)
        #expect(scores[3] == 0)
    }

    @Test("a bad training line is named and has no score; the others keep their places")
    func badTraining() throws {
        let tools = try Self.tools(
            .dot,
            lines: ["{\"text\":\"One two three.\"}", "{\"txt\":1}", "{\"text\":\"Four five.\"}"]
        )
        #expect(tools.defects.map(\.line) == [2])
        #expect(tools.defects.first?.defect == LineDefect(field: "text", "there is no text"))
        let scores = try Self.scores(tools, "One two three.")
        #expect(scores.count == 3 && scores[1].isNaN && scores[0] > 0)
        #expect(throws: WorkbenchError.badFile("there is no training text")) {
            try Self.tools(.dot, lines: ["{}"])
        }
        #expect(throws: LineDefect(field: "text", "the text has fewer than two tokens")) {
            try tools.score(.init([.init(key: "text", value: "")]))
        }
    }
}
