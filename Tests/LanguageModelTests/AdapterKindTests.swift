import ExactMath
import JSON
import LanguageModel
import Primitives
import Testing

@Suite("Kinds of adapters, against PEFT in float32") struct AdapterKindTests {
    static let cases = [
        ("llama3", "all"), ("llama3", "pattern"), ("llama3", "regex"), ("llama3", "layers"),
        ("llama3", "dora"), ("linear", "all"), ("mistral", "all"), ("qwen2", "all"),
        ("qwen2", "rslora"), ("qwen2", "dora"), ("qwen3", "all"), ("gpt2", "all"),
        ("gpt2", "attention"), ("gpt2", "dora"),
    ]

    @Test("logits with an adapter that PEFT wrote are PEFT's", arguments: cases)
    func logits(kind: String, name: String) throws {
        let fixture = DecoderFixture(kind: kind)
        let model = try fixture.model()
        let adapter = try fixture.adapter(name).adapter
        let found = try model.logits(
            fixture.tokens(),
            adapter: PreparedAdapter(adapter, for: model)
        )
        let expected = try fixture.expected("logits", adapter: name)
        let distance = Distance(found.values, expected.values)
        #expect(distance.largest < 5e-4, "\(distance)")
        let plain = Distance(try fixture.expected("logits").values, expected.values)
        #expect(plain.largest > 0.05)
    }

    @Test("an adapter written and read again is the same", arguments: cases)
    func roundTrip(kind: String, name: String) throws {
        let fixture = DecoderFixture(kind: kind)
        let model = try fixture.configuration()
        let original = try fixture.adapter(name)
        #expect(original.weights == (try fixture.bytes("\(name)/adapter_model.safetensors")))
        // Both with the settings that it came with and with those that its tensors alone give.
        for written in [original, PEFTAdapter(original.adapter, baseModel: "base")] {
            let again = try PEFTAdapter(
                configuration: written.configuration.json,
                weights: written.weights,
                model: model
            )
            #expect(again.adapter == original.adapter)
        }
    }

    @Test("a manifest accepts its own files and names other settings", arguments: cases)
    func manifest(kind: String, name: String) throws {
        let fixture = DecoderFixture(kind: kind)
        let folder = try fixture.adapter(name)
        let manifest = AdapterManifest(folder.adapter, base: .zero)
        #expect(try AdapterManifest(borsh: manifest.borshBytes) == manifest)
        let weights = folder.weights
        try manifest.check(configuration: folder.configuration.json, weights: weights)
        let louder = try LoRAAdapter(
            rank: folder.adapter.rank,
            alpha: folder.adapter.alpha * 2,
            rankStabilised: folder.adapter.isRankStabilised,
            modules: folder.adapter.modules
        )
        #expect(throws: AdapterManifest.Mismatch.otherScaling) {
            try manifest.check(
                configuration: PEFTAdapter(louder, baseModel: nil).configuration.json,
                weights: weights
            )
        }
    }

    @Test("ranks and scales of single modules are part of the root")
    func ownScaling() throws {
        let adapter = try DecoderFixture(kind: "llama3").adapter("pattern").adapter
        let modules = adapter.modules.map { module in
            LoRAModule(
                site: module.site,
                a: module.a,
                b: module.b,
                alpha: module.alpha.map { $0 + 1 }
            )
        }
        #expect(Set(adapter.modules.map(\.rank)) == [2, 3, 4])
        let other = try LoRAAdapter(
            rank: adapter.rank,
            alpha: adapter.alpha,
            rankStabilised: true,
            modules: modules
        )
        #expect(
            CanonicalRoot.adapter(adapter, base: .zero) != CanonicalRoot.adapter(other, base: .zero)
        )
    }

    @Test(
        "a merged model computes what base and adapter compute together",
        arguments: [
            ("llama3", "pattern"), ("llama3", "dora"), ("qwen2", "rslora"), ("qwen3", "all"),
            ("gpt2", "all"), ("gpt2", "dora"),
        ]
    )
    func merge(kind: String, name: String) throws {
        let fixture = DecoderFixture(kind: kind)
        let source = try fixture.gguf()
        let file = try SafetensorsFile(
            AdapterMerge.safetensors(
                source,
                source.configuration,
                fixture.adapter(name).adapter
            )
        )
        let configuration = try fixture.configuration()
        let merged = DecoderModel(
            try ModelWeights(
                configuration: configuration,
                source: SafetensorsModel(file, configuration: configuration)
            )
        )
        let distance = Distance(
            try merged.logits(fixture.tokens()).values,
            try fixture.expected("logits", adapter: name).values
        )
        #expect(distance.largest < 5e-4, "\(distance)")
    }

    @Test("magnitudes need the model's weights, and are not trained")
    func magnitudes() throws {
        let fixture = DecoderFixture(kind: "llama3")
        let model = try fixture.model()
        let adapter = try fixture.adapter("dora").adapter
        let failure = ModelError.adapterMismatch(
            .hasMagnitudes("model.layers.0.self_attn.q_proj")
        )
        #expect(throws: failure) { try PreparedAdapter(adapter, for: model.configuration) }
        let record = try #require(
            TokenizedRecord(tokens: fixture.tokens(), completionStart: 1)
        )
        let prepared = try PreparedAdapter(adapter, for: model)
        var trace = ComputationTrace()
        #expect(throws: failure) {
            try model.recordGradient(record, adapter: prepared, trace: &trace)
        }
    }

    @Test("an adapter written as GGUF has llama.cpp's names, row order and scale")
    func gguf() throws {
        let fixture = DecoderFixture(kind: "llama3")
        let configuration = try fixture.configuration()
        let adapter = try fixture.adapter("pattern").adapter
        let file = try GGUFFile(GGUFAdapter.bytes(adapter, for: configuration))
        #expect(try file.string("adapter.type") == Array("lora".utf8))
        #expect(try file.real("adapter.lora.alpha") == 6)
        #expect(file.entries.count == 2 * adapter.modules.count)
        let module = adapter.modules[0]
        let b = try #require(file.entry(named: "blk.0.attn_q.weight.lora_b"))
        #expect(b.shape == [32, 4])
        let values = try file.floats(of: b)
        // Rank 4, rank-stabilised: 6 / 2 instead of 6 / 4. Row 1 is the first of the upper half.
        for (row, own) in [(0, 0), (1, 4), (2, 1), (9, 12)] {
            #expect(
                Array(values[row * 4..<row * 4 + 4]) == module.b.row(own).map { $0 * 2 }
            )
        }
        let magnitudes = try fixture.adapter("dora").adapter
        #expect(
            throws: LoRAAdapter.Failure.hasMagnitudes("model.layers.0.self_attn.q_proj")
        ) { try GGUFAdapter.bytes(magnitudes, for: configuration) }
    }
}
