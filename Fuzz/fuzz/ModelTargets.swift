import Attribution
import Factory
import Foundation
import JSON
import Jobs
import LanguageModel
import Primitives
import Spans

extension FuzzTarget {
    /// Files that strangers publish. Their first corpus is the small files of the tests.
    static func modelTargets() -> [FuzzTarget] {
        [
            FuzzTarget(
                name: "safetensors",
                seeds: fixtures(ending: ["reference.safetensors", "adapter_model.safetensors"]),
                run: safetensors
            ),
            FuzzTarget(name: "gguf", seeds: fixtures(ending: [".gguf"]), run: gguf),
            FuzzTarget(
                name: "tokenizer",
                seeds: fixtures(ending: ["tokenizer.json"]),
                run: tokenizer
            ),
            FuzzTarget(name: "peft-configuration", seeds: fixtures(ending: ["adapter_config.json"]))
            {
                guard let configuration = try? PEFTConfiguration(json: $0) else { return }
                precondition((1...PEFTConfiguration.rankLimit).contains(configuration.rank))
                precondition((0..<1).contains(configuration.dropout))
            },
            FuzzTarget(name: "model-configuration", seeds: fixtures(ending: ["/config.json"])) {
                _ = try? ModelConfiguration(huggingFace: $0)
            },
            FuzzTarget(
                name: "chat-template",
                seeds: fixtures(ending: [".jinja"]),
                run: chatTemplate
            ),
            FuzzTarget(
                name: "module-pattern",
                seeds: [".*\\.(q|k)_proj", "(?:a|b{2,3})*[^c-e]+?\\d$", "^h\\.\\d+\\.attn"]
                    .map { Array($0.utf8) }
            ) { bytes in
                guard let pattern = try? ModulePattern(String(decoding: bytes, as: UTF8.self))
                else { return }
                _ = pattern.matches("model.layers.10.self_attn.q_proj")
            },
            FuzzTarget(
                name: "dataset",
                seeds: files(
                    in: "Tests/FactoryTests/Fixtures",
                    ending: [".parquet", ".csv", ".json"]
                )
            ) { bytes in
                guard let dataset = try? Dataset(bytes) else { return }
                precondition(dataset.lines.count == dataset.records.count)
                precondition(!dataset.records.isEmpty, "a dataset without records")
            },
        ] + artifactTargets()
    }

    private static func artifactTargets() -> [FuzzTarget] {
        let index = try? InfluenceIndex(
            blockWidths: [2, 1],
            rows: [InfluenceRow(exponents: [1, -1], values: [3, -4, 5])]
        )
        let spans = try? SpanIndex([Array("one two".utf8), Array("two three".utf8)])
        let files = AdapterFiles(configuration: [1, 2], weights: [3])
        return [
            FuzzTarget(name: "influence-index", seeds: [index?.artifact ?? []]) { bytes in
                guard let index = try? InfluenceIndex(artifact: bytes) else { return }
                precondition(index.artifact == bytes, "an index has two encodings")
            },
            FuzzTarget(name: "span-index", seeds: [spans?.file ?? []]) { bytes in
                guard let index = try? SpanIndex(file: bytes) else { return }
                precondition(index.file == bytes, "an index has two encodings")
            },
            .borsh("adapter-files", AdapterFiles.self, seeds: [files]),
            .borsh("training-trace", TrainingTrace.self, seeds: [TrainingTrace([[1], [2, 3]])]),
            .borsh("adapter-recipe", AdapterRecipe.self, seeds: recipes()),
        ]
    }

    private static func safetensors(_ bytes: [UInt8]) {
        guard let file = try? SafetensorsFile(bytes) else { return }
        var end = file.entries.first?.range.lowerBound ?? bytes.count
        for entry in file.entries {
            precondition(entry.range.lowerBound == end, "a hole or an overlap")
            end = entry.range.upperBound
            guard let values = try? file.floats(of: entry) else { continue }
            precondition(values.allSatisfy(\.isFinite))
            precondition(values.count == entry.shape.reduce(1, *))
        }
        precondition(end == bytes.count, "bytes that belong to no tensor")
    }

    private static func gguf(_ bytes: [UInt8]) {
        guard let file = try? GGUFFile(bytes) else { return }
        for entry in file.entries {
            precondition(entry.range.upperBound <= bytes.count)
            guard let values = try? file.floats(of: entry) else { continue }
            precondition(values.count == entry.shape.reduce(1, *))
        }
        if let tokenizer = try? Tokenizer(gguf: file) { exercise(tokenizer) }
        _ = try? ModelBundle(gguf: bytes)
    }

    private static func tokenizer(_ bytes: [UInt8]) {
        guard let tokenizer = try? Tokenizer(json: bytes) else { return }
        exercise(tokenizer)
    }

    private static func exercise(_ tokenizer: Tokenizer) {
        let tokens = tokenizer.encode("one, two\n3 é <|im_start|>")
        var stream = StreamingDecoder(tokenizer)
        let pieces = tokens.map { stream.append($0) }.joined() + stream.finish()
        precondition(pieces == tokenizer.decode(tokens), "the pieces are not the whole")
    }

    /// The same template and conversation give the same text, or the same refusal.
    private static func chatTemplate(_ bytes: [UInt8]) {
        guard let template = try? ChatTemplate(bytes, specialTokens: ["bos_token": "<s>"]) else {
            return
        }
        func render() -> [UInt8]? {
            try? template.rendered(
                messages: [
                    ["role": "system", "content": "be brief"],
                    ["role": "user", "content": "what?"],
                    ["role": "assistant", "content": "that"],
                ],
                addGenerationPrompt: true
            ).text
        }
        let text = render()
        precondition(text == render(), "a template renders two texts")
    }

    private static func fixtures(ending endings: [String]) -> [[UInt8]] {
        files(in: "Tests/LanguageModelTests/Fixtures", ending: endings)
    }

    /// The files with these endings in a folder of the repository.
    static func files(in root: String, ending endings: [String]) -> [[UInt8]] {
        let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return paths.sorted().filter { path in endings.contains { "/\(path)".hasSuffix($0) } }
            .compactMap { FileManager.default.contents(atPath: "\(root)/\($0)").map(Array.init) }
            .filter { $0.count <= byteLimit }
    }
}

/// One recipe of each optional part.
private func recipes() -> [AdapterRecipe] {
    let plain = try? TrainingRecipe(
        rank: 4,
        alpha: 8,
        learningRate: 0.01,
        steps: 8,
        batchSize: 2,
        maxTokens: 32,
        segmentSteps: 4,
        seed: .zero
    )
    let stopping = try? TrainingRecipe(
        rank: 4,
        alpha: 8,
        rankStabilised: true,
        dropout: 0.1,
        learningRate: 0.01,
        schedule: .cosine,
        steps: 8,
        batchSize: 2,
        maxTokens: 32,
        heldOutPerMille: 100,
        earlyStopping: EarlyStopping(interval: 2, patience: 1),
        segmentSteps: 4,
        seed: .zero
    )
    return [plain, stopping].compactMap { training in
        training.flatMap { AdapterRecipe(training: $0, projectionColumns: 64) }
    }
}
