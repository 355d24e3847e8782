import ExactMath
import LanguageModel
import ModelTestSupport
import Primitives
import Testing

@Suite("Llama forward pass")
struct DecoderModelTests {
    let tokens: [UInt32] = (0..<40).map { UInt32($0 * 17 % 61) }

    @Test("decoding with a cache has the bits of one pass, however the tokens are cut")
    func cachedDecoding() throws {
        let source = try RandomLlama()
        let model = try source.model()
        let adapter = try PreparedAdapter(
            source.adapter([.query, .down]),
            for: model.configuration
        )
        let whole = try model.logits(tokens, adapter: adapter)
        for step in [1, 3, 7, 39] {
            var cache = KeyValueCache(for: model.configuration)
            for start in stride(from: 0, to: tokens.count, by: step) {
                let end = min(tokens.count, start + step)
                let logits = try model.advance(
                    &cache,
                    by: Array(tokens[start..<end]),
                    adapter: adapter
                )
                #expect(logits == whole.row(end - 1))
            }
        }
    }

    @Test("the number of threads changes no bit")
    func threads() throws {
        let model = try RandomLlama(vocabulary: 3000, tied: false).model()
        let one = try model.logits(tokens)
        ExactRuntime.setThreads(2)
        let two = try model.logits(tokens)
        ExactRuntime.setThreads(1)
        #expect(one == two)
    }

    @Test("a checked completion is accepted, and any change is corrected where it happens")
    func correction() throws {
        let model = try RandomLlama().model()
        let prompt = Array(tokens.prefix(9))
        let made = try model.generateGreedily(prompt, maxTokens: 12)
        var trace = ComputationTrace()
        #expect(
            try model.correction(of: made.tokens, after: prompt, maxTokens: 12, trace: &trace)
                == nil
        )
        #expect(trace.words.count == 14)
        for index in made.tokens.indices {
            var altered = made.tokens
            altered[index] = (altered[index] + 1) % 61
            let corrected = try model.correction(
                of: altered,
                after: prompt,
                maxTokens: 12,
                trace: &trace
            )
            #expect(corrected == Array(made.tokens.prefix(index + 1)))
        }
        var unknown = made.tokens
        unknown[3] = 61
        #expect(
            try model.correction(of: unknown, after: prompt, maxTokens: 12, trace: &trace)
                == Array(made.tokens.prefix(4))
        )
        let short = Array(made.tokens.dropLast())
        #expect(
            try model.correction(of: short, after: prompt, maxTokens: 12, trace: &trace)
                == made.tokens
        )
        #expect(
            try model.correction(
                of: made.tokens + [3],
                after: prompt,
                maxTokens: 12,
                trace: &trace
            )
                == made.tokens
        )
    }

    @Test("generation ends at an end token, at the limit, and at the end of the context")
    func endings() throws {
        let model = try RandomLlama().model()
        let free = try model.generateGreedily([5, 6], maxTokens: 5)
        #expect(free.tokens.count == 5 && free.finish == .length)
        let full = try model.generateGreedily(
            Array(repeating: 4, count: 62),
            maxTokens: 50
        )
        #expect(full.tokens.count == 2)
        #expect(try model.generateGreedily([5], maxTokens: 0).tokens.isEmpty)
    }

    @Test("unusable input is refused")
    func refusals() throws {
        let source = try RandomLlama()
        let model = try source.model()
        #expect(throws: ModelError.emptyInput) { try model.logits([]) }
        #expect(throws: ModelError.tokenOutOfRange(61, vocabulary: 61)) {
            try model.logits([3, 61])
        }
        #expect(throws: ModelError.contextExceeded(tokens: 65, limit: 64)) {
            try model.logits(.init(repeating: 2, count: 65))
        }
        let deeper = try RandomLlama(layers: 3).adapter([.query])
        #expect(
            throws: ModelError.adapterMismatch(
                .layerOutOfRange("model.layers.2.self_attn.q_proj", layers: 2)
            )
        ) { try PreparedAdapter(deeper, for: model.configuration) }
    }

    @Test("a configuration survives its encoding")
    func configurationEncoding() throws {
        let configuration = try RandomLlama().configuration
        #expect(try ModelConfiguration(borsh: configuration.borshBytes) == configuration)
        var bytes = configuration.borshBytes
        bytes[12] = 3  // kvHeads no longer divides heads
        #expect(throws: BorshError.self) { try ModelConfiguration(borsh: bytes) }
    }

    @Test("paths of modules are read back strictly")
    func paths() throws {
        let site = LoRASite(layer: 12, linear: .down)
        #expect(site.path == "model.layers.12.mlp.down_proj")
        #expect(LoRASite(path: site.path) == site)
        for bad in [
            "model.layers.01.mlp.down_proj", "model.layers.-1.mlp.down_proj",
            "model.layers.1.mlp.down", "layers.1.mlp.down_proj", "model.layers.1", "",
        ] { #expect(LoRASite(path: bad) == nil, "\(bad)") }
    }
}
