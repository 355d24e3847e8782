import Foundation
import LanguageModel
import Testing

@Suite("Model bundles") struct ModelBundleTests {
    @Test("a folder and a GGUF file of the same weights compute the same, under different roots")
    func equal() throws {
        let folder = try ModelBundle(
            weights: Fixture.bytes("tiny/model.safetensors"),
            configuration: Fixture.bytes("tiny/config.json"),
            tokenizer: Fixture.bytes("smollm.tokenizer.json")
        )
        let gguf = try ModelBundle(
            weights: Fixture.bytes("tiny.gguf"),
            configuration: [],
            tokenizer: []
        )
        let prompt = folder.tokenizer.encode("quick brown fox")
        #expect(prompt.count > 2)
        #expect(try folder.model.logits(prompt) == gguf.model.logits(prompt))
        #expect(folder.weightsRoot != gguf.weightsRoot)
    }

    @Test("a tokenizer with more ids than the model has rows is refused")
    func mismatch() throws {
        let text = String(decoding: try Fixture.bytes("tiny/config.json"), as: UTF8.self)
        let smaller = text.replacing("\"vocab_size\": 400", with: "\"vocab_size\": 100")
        #expect(smaller != text)
        let count = try Tokenizer(json: Fixture.bytes("smollm.tokenizer.json")).vocabularyCount
        #expect(
            throws: ModelBundle.Failure.vocabularyMismatch(tokenizer: count, model: 100)
        ) {
            try ModelBundle(
                weights: Fixture.bytes("tiny/model.safetensors"),
                configuration: Array(smaller.utf8),
                tokenizer: Fixture.bytes("smollm.tokenizer.json")
            )
        }
    }

    @Test("SmolLM2 from GGUF ranks the next tokens as float32 does")
    func smolLM2() throws {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["OPENLEDGER_CACHE"] ?? NSHomeDirectory() + "/.cache/openledger"
        let path = cache + "/SmolLM2-135M-Instruct.Q4_1.gguf"
        guard let data = FileManager.default.contents(atPath: path) else {
            print("skipped: no SmolLM2 at \(path); make fetch-smollm2 brings it")
            return
        }
        let bundle = try ModelBundle(gguf: [UInt8](data))
        let prompt = """
            <|im_start|>system
            You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
            <|im_start|>user
            What is the capital of France?<|im_end|>
            <|im_start|>assistant

            """
        let tokens = bundle.tokenizer.encode(prompt)
        #expect(tokens.count == 37)
        let logits = try bundle.model.logits(tokens)
        let last = Array(logits.values.suffix(logits.columns))
        for (token, expected) in [(504, Float(25.3254)), (60, 25.2433), (15319, 24.9424)] {
            #expect(abs(last[token] - expected) < 0.15, "\(token): \(last[token])")
        }
        #expect(
            last.indices.filter { last[$0] > 24.8 }.allSatisfy { [504, 60, 15319].contains($0) }
        )
    }
}
