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
            setup(bundle),
            training: training(lines),
            estimator: estimator
        )
    }

    static func setup(_ bundle: ModelBundle) throws -> AttributionSetup {
        try AttributionSetup(model: bundle, adapter: adapter(bundle.configuration))
    }

    static func training(_ lines: [String]) throws -> TrainingTexts {
        try TrainingTexts(LineTests.reader([lines.joined(separator: "\n")]))
    }

    static func scores(_ tools: AttributionTools, _ text: String) throws -> [Double] {
        let answer = try answer(tools, text)
        #expect(answer.object?.keys == ["loss", "gradient_norm", "scores"])
        return try #require(answer["scores"]?.array).map { $0.double ?? .nan }
    }

    static func answer(_ tools: AttributionTools, _ text: String) throws -> JSON {
        let request = JSONObject([.init(key: "text", value: .string(text))])
        let answers = try tools.score([request])
        #expect(answers.count == 1)
        return try #require(answers.first).get()
    }

    @Test("a training text as its own query has cosine 1 and its squared norm as product")
    func itself() throws {
        let cosine = try Self.scores(Self.tools(.cosine), Self.texts[1])
        #expect(abs(cosine[1] - 1) < 1e-5)
        #expect(cosine[3] == 0, "a text of one token has no gradient")
        #expect(cosine.allSatisfy { abs($0) <= 1.00001 })
        let tools = try Self.tools(.dot)
        let answer = try Self.answer(tools, Self.texts[1])
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

    @Test(
        "both estimators over an index favour the text itself",
        arguments: [EstimatorKind.block, .datainf]
    )
    func index(_ estimator: EstimatorKind) throws {
        let scores = try Self.scores(Self.tools(estimator), Self.texts[2])
        #expect(scores.firstIndex(of: scores.max() ?? 0) == 2)
        #expect(scores[3] == 0)
    }

    @Test("queries together score as one by one, with a bad one in its place")
    func together() throws {
        let tools = try Self.tools(.block)
        let requests = ["Yeast.", "", Self.texts[0]].map {
            JSONObject([.init(key: "text", value: .string($0))])
        }
        let answers = try tools.score(requests)
        #expect(answers.count == 3)
        #expect(try answers[0].get() == Self.answer(tools, "Yeast."))
        #expect(
            answers[1]
                == .failure(LineDefect(field: "text", "the text has fewer than two tokens"))
        )
        #expect(try answers[2].get() == Self.answer(tools, Self.texts[0]))
    }

    @Test("an explanation names texts, contributors and shares that sum to what is paid")
    func explain() throws {
        let bundle = try LocalModel.bundle(ModelToolsTests.small)
        let lines = zip(Self.texts, ["ann", "bob", "ann", "bob"]).map {
            "{\"text\":\"\($0)\",\"contributor\":\"\($1)\"}"
        }
        let tools = try ExplainTools(
            Self.setup(bundle),
            training: Self.training(lines),
            limit: 2
        )
        let answer = try tools.explain(
            JSONObject([.init(key: "text", value: .string(Self.texts[1]))])
        )
        #expect(answer["helped"]?.array?.first?["line"] == 2)
        #expect(answer["helped"]?.array?.first?["text"] == .string(Self.texts[1]))
        let shares = try #require(answer["contributors"]?.array)
        #expect(shares.map { $0["contributor"] } == ["ann", "bob"])
        #expect(abs(shares.compactMap { $0["fraction"]?.double }.reduce(0, +) - 1) < 1e-9)
    }

    @Test("spans are found word for word, with their lines")
    func spans() throws {
        let lines = Self.texts.map { "{\"text\":\"\($0)\"}" }
        let tools = try SpanTools(Self.training(["{}"] + lines), minimum: 12)
        let answer = try tools.spans(
            JSONObject([.init(key: "text", value: "She said: until it is smooth. Then more.")])
        )
        #expect(
            answer == [
                "spans": [
                    [
                        "start": 9, "end": 29, "text": " until it is smooth.", "occurrences": 1,
                        "places": [["line": 4, "offset": 15]],
                    ]
                ]
            ]
        )
    }

    @Test("a bad training line is named and has no score; the others keep their places")
    func badTraining() throws {
        let tools = try Self.tools(
            .dot,
            lines: ["{\"text\":\"One two three.\"}", "{\"txt\":1}", "{\"text\":\"Four five.\"}"]
        )
        let defects = try Self.training(["{\"text\":\"a\"}", "{\"txt\":1}"]).defects
        #expect(defects.map(\.line) == [2])
        #expect(defects.first?.defect == LineDefect(field: "text", "there is no text"))
        let scores = try Self.scores(tools, "One two three.")
        #expect(scores.count == 3 && scores[1].isNaN && scores[0] > 0)
        #expect(throws: WorkbenchError.badFile("there is no training text")) {
            try Self.tools(.dot, lines: ["{}"])
        }
    }
}
