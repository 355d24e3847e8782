import ExactMath
import JSON
import LanguageModel
import Primitives
import Testing

@Suite("Families of decoders, against transformers and PEFT in float32")
struct DecoderFamilyTests {
    @Test("logits are PyTorch's", arguments: DecoderFixture.kinds)
    func logits(kind: String) throws {
        let fixture = DecoderFixture(kind: kind)
        let expected = try fixture.expected("logits")
        let found = try fixture.model().logits(fixture.tokens())
        let distance = Distance(found.values, expected.values)
        #expect(distance.largest < 2e-4, "\(distance)")
        #expect(distance.cosine > 0.999_999_9, "\(distance)")
    }

    @Test(
        "a folder and a GGUF file of the same weights agree on every bit",
        arguments: DecoderFixture.kinds
    )
    func twins(kind: String) throws {
        let fixture = DecoderFixture(kind: kind)
        let source = try fixture.gguf()
        let configuration = try fixture.configuration()
        #expect(source.configuration.ropeDivisors == configuration.ropeDivisors)
        let model = DecoderModel(
            try ModelWeights(configuration: source.configuration, source: source)
        )
        let tokens = try fixture.tokens()
        #expect(try model.logits(tokens) == fixture.model().logits(tokens))
    }

    @Test("the gradient of every LoRA tensor is PyTorch's", arguments: DecoderFixture.kinds)
    func gradients(kind: String) throws {
        let fixture = DecoderFixture(kind: kind)
        let model = try fixture.model()
        let adapter = try fixture.adapter("all").adapter
        let record = try #require(
            TokenizedRecord(tokens: fixture.tokens(), completionStart: 1)
        )
        var trace = ComputationTrace()
        let gradient = try model.recordGradient(
            record,
            adapter: PreparedAdapter(adapter, for: model.configuration),
            trace: &trace
        )
        let linears = model.configuration.description.linears
        #expect(adapter.modules.count == 2 * linears.count)
        for (module, own) in zip(adapter.modules, gradient.modules) {
            for (factor, found) in [("A", own.a), ("B", own.b)] {
                let name = "grad." + PEFTAdapter.name(module.site, factor).text
                let distance = Distance(
                    found.values,
                    try fixture.expected(name, adapter: "all").values
                )
                #expect(distance.cosine > 0.999_99, "\(name): \(distance)")
                #expect(abs(distance.normRatio - 1) < 0.005, "\(name): \(distance)")
            }
        }
    }

    @Test("decoding with a cache has the bits of one pass", arguments: DecoderFixture.kinds)
    func cache(kind: String) throws {
        let fixture = DecoderFixture(kind: kind)
        let model = try fixture.model()
        let tokens = try fixture.tokens()
        let whole = try model.logits(tokens)
        var cache = KeyValueCache(for: model.configuration)
        for start in stride(from: 0, to: tokens.count, by: 5) {
            let end = min(tokens.count, start + 5)
            let last = try model.advance(&cache, by: Array(tokens[start..<end]))
            #expect(last == whole.row(end - 1))
        }
    }

    @Test("a configuration survives its encoding", arguments: DecoderFixture.kinds)
    func encoding(kind: String) throws {
        let configuration = try DecoderFixture(kind: kind).configuration()
        #expect(try ModelConfiguration(borsh: configuration.borshBytes) == configuration)
    }

    static func refusal(_ kind: String, _ key: String, _ value: JSON) throws -> ModelFileError? {
        let object = try #require(Fixture.json("decoders/\(kind)/config.json").object)
        let members = object.members.filter { $0.key != key } + [.init(key: key, value: value)]
        do {
            _ = try ModelConfiguration(huggingFace: JSON.object(JSONObject(members)).compactBytes)
            return nil
        } catch {
            return error
        }
    }

    @Test("a setting that would change the computation is refused by its key")
    func settings() throws {
        let refused: [(String, String, JSON)] = [
            ("mistral", "sliding_window", 16), ("linear", "attention_bias", true),
            ("qwen3", "attention_bias", true), ("linear", "mlp_bias", true),
            ("linear", "hidden_act", "gelu"), ("linear", "model_type", "phi3"),
            ("linear", "quantization_config", ["quant_method": "awq"]),
            ("qwen2", "layer_types", ["full_attention", "sliding_attention"]),
            ("gpt2", "activation_function", "relu"), ("gpt2", "scale_attn_weights", false),
            ("gpt2", "scale_attn_by_inverse_layer_idx", true),
            ("linear", "rope_parameters", ["rope_type": "yarn", "rope_theta": 10, "factor": 2]),
        ]
        for (kind, key, value) in refused {
            #expect(
                try Self.refusal(kind, key, value)
                    == .unsupported(key: key, value: value.compactText),
                "\(kind)"
            )
        }
        // A window that reaches over the whole context, or that Qwen does not use, changes nothing.
        #expect(try Self.refusal("mistral", "sliding_window", 64) == nil)
        #expect(try Self.refusal("qwen2", "sliding_window", 16) == nil)
        let old: JSON = ["type": "linear", "factor": 4]
        #expect(
            try Self.refusal("linear", "rope_scaling", old)
                == .unsupported(key: "rope_scaling", value: old.compactText)
        )
        let bad: JSON = ["rope_type": "llama3", "rope_theta": 10, "factor": 2]
        #expect(
            try Self.refusal("linear", "rope_parameters", bad)
                == .invalidKey("rope_parameters.low_freq_factor")
        )
    }

    @Test("the spellings of transformers 4 mean the same")
    func oldSpelling() throws {
        let object = try #require(Fixture.json("decoders/llama3/config.json").object)
        let parameters = try #require(object["rope_parameters"]?.object)
        var members = object.members.filter { $0.key != "rope_parameters" }
        members.append(.init(key: "rope_theta", value: try #require(parameters["rope_theta"])))
        let scaling = JSONObject(parameters.members.filter { $0.key != "rope_theta" })
        members.append(.init(key: "rope_scaling", value: .object(scaling)))
        let old = try ModelConfiguration(
            huggingFace: JSON.object(JSONObject(members)).compactBytes
        )
        #expect(try old == DecoderFixture(kind: "llama3").configuration())
        #expect(old.ropeDivisors.count == 4 && old.ropeDivisors.last == 8)
    }
}
