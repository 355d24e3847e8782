import ExactMath
import JSON
import LanguageModel
import Primitives
import TestSupport
import Testing

@Suite("PEFT adapters") struct PEFTTests {
    static func model() throws -> ModelConfiguration {
        try ModelConfiguration(
            hiddenSize: 32,
            layers: 2,
            heads: 4,
            kvHeads: 2,
            headDimension: 8,
            intermediateSize: 48,
            vocabulary: 400,
            contextLength: 64,
            ropeBase: 10_000,
            normEpsilon: 1e-6,
            tiedEmbeddings: true,
            beginningOfSequence: 0,
            endOfSequence: [1]
        )
    }

    static func adapter() throws -> PEFTAdapter {
        try PEFTAdapter(
            configuration: Fixture.bytes("peft/adapter_config.json"),
            weights: Fixture.bytes("peft/adapter_model.safetensors"),
            model: model()
        )
    }

    @Test("a folder that PEFT wrote is read, and its weights are written back byte for byte")
    func reference() throws {
        let adapter = try Self.adapter()
        #expect(adapter.configuration.rank == 4)
        #expect(adapter.configuration.scaling == 2)
        #expect(adapter.configuration.targetModules == ["q_proj", "v_proj"])
        #expect(adapter.adapter.modules.count == 4)
        #expect(adapter.adapter.modules[1].b.rows == 16)
        #expect(adapter.adapter.scaling == 2)
        #expect(adapter.weights == (try Fixture.bytes("peft/adapter_model.safetensors")))
    }

    @Test("a written configuration reads back as itself")
    func configuration() throws {
        let modules = [LinearLayer.value, .query, .down].map { linear in
            let a = Matrix(rows: 16, columns: 4)
            let site = LoRASite(layer: 0, linear: linear)
            return LoRAModule(site: site, a: a, b: Matrix(rows: 4, columns: 16))
        }
        let adapter = try LoRAAdapter(
            rank: 16,
            alpha: 24.5,
            rankStabilised: true,
            modules: modules
        )
        let written = PEFTConfiguration(adapter, dropout: 0.05, baseModel: "base/\"model\"")
        #expect(try PEFTConfiguration(json: written.json) == written)
        #expect(written.targetModules == ["down_proj", "q_proj", "v_proj"])
        #expect(written.scaling == 24.5 / 4)
    }

    static func refusal(_ key: String, _ value: JSON) throws -> PEFTError? {
        let object = try #require(Fixture.json("peft/adapter_config.json").object)
        let members =
            object.members.filter { $0.key != key } + [.init(key: key, value: value)]
        do {
            _ = try PEFTConfiguration(json: JSON.object(JSONObject(members)).compactBytes)
            return nil
        } catch {
            return error
        }
    }

    @Test("a setting that changes the computation is refused by its key")
    func settings() throws {
        let refused: [(String, JSON)] = [
            ("bias", "all"), ("modules_to_save", ["lm_head"]), ("use_qalora", true),
            ("lora_bias", true), ("alora_invocation_tokens", [1]), ("some_future_setting", 1),
            ("target_modules", "(?=q)q_proj"), ("task_type", "SEQ_CLS"),
            ("init_lora_weights", "pissa"), ("layers_pattern", "blocks"),
            ("target_parameters", ["x"]), ("trainable_token_indices", [1]),
        ]
        for (key, value) in refused {
            #expect(
                try Self.refusal(key, value)
                    == .unsupported(
                        key: key,
                        value: value.compactText
                    )
            )
        }
        for (key, value) in [("some_future_setting", JSON.null), ("use_dora", false)] {
            #expect(try Self.refusal(key, value) == nil)
        }
        for (key, value): (String, JSON) in [
            ("r", 0), ("r", 257), ("r", "8"), ("lora_alpha", 0), ("lora_dropout", 1),
            ("peft_type", "IA3"), ("target_modules", []), ("layers_to_transform", [-1]),
            ("layers_to_transform", "0"), ("exclude_modules", 3),
        ] {
            #expect(try Self.refusal(key, value) == .invalidKey(key))
        }
    }

    /// The fixture's tensors after a change, read again.
    static func refusal(
        changing change: (inout [SafetensorsItem]) -> Void
    ) throws -> PEFTError? {
        var items = PEFTAdapter.tensors(of: try adapter().adapter).map { SafetensorsItem($0) }
        change(&items)
        let configuration = try Fixture.bytes("peft/adapter_config.json")
        let weights = SafetensorsWriter.write(items)
        let model = try model()
        do {
            _ = try PEFTAdapter(configuration: configuration, weights: weights, model: model)
            return nil
        } catch {
            return error
        }
    }

    @Test("missing, extra, mis-shaped and non-finite tensors are refused by name")
    func tensors() throws {
        let name = PEFTAdapter.name(LoRASite(layer: 0, linear: .query), "A")
        #expect(try Self.refusal { $0.removeFirst() } == .missingTensor(name))
        let extra = NamedTensor(name: "extra", shape: [1], values: [0])
        #expect(
            try Self.refusal { $0.append(SafetensorsItem(extra)) } == .unexpectedTensor("extra")
        )
        let values = [Float](repeating: 0, count: 128)
        let turned = NamedTensor(name: name, shape: [32, 4], values: values)
        #expect(
            try Self.refusal { $0[0] = SafetensorsItem(turned) }
                == .wrongShape(name, expected: [4, 32], found: [32, 4])
        )
        var broken = values
        broken[5] = .nan
        let notANumber = NamedTensor(name: name, shape: [4, 32], values: broken)
        #expect(
            try Self.refusal { $0[0] = SafetensorsItem(notANumber) }
                == .invalidWeights(.notFinite(name, index: 5))
        )
    }

    @Test("the canonical root changes with the base, a weight or the scale, and with nothing else")
    func root() throws {
        let adapter = try Self.adapter().adapter
        let base = Digest.zero
        let root = CanonicalRoot.adapter(adapter, base: base)
        let other = try #require(Digest([UInt8](repeating: 1, count: 32)))
        #expect(CanonicalRoot.adapter(adapter, base: other) != root)

        let rewritten = PEFTAdapter(adapter, dropout: 0.5, baseModel: "elsewhere")
        let same = try PEFTAdapter(
            configuration: rewritten.configuration.json,
            weights: rewritten.weights,
            model: Self.model()
        )
        #expect(CanonicalRoot.adapter(same.adapter, base: base) == root)

        let louder = try LoRAAdapter(rank: 4, alpha: 16, modules: adapter.modules)
        #expect(CanonicalRoot.adapter(louder, base: base) != root)

        var modules = adapter.modules
        let bits = modules[0].a.values[0].bitPattern
        modules[0].a.values[0] = Float(bitPattern: bits ^ 1)
        let flipped = try LoRAAdapter(rank: 4, alpha: 8, modules: modules)
        #expect(CanonicalRoot.adapter(flipped, base: base) != root)
    }
}
