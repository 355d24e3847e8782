import LanguageModel
import ModelTestSupport
import Primitives
import Testing

@Suite("Training recipes") struct RecipeTests {
    static func recipe(_ change: (inout Values) -> Void = { _ in }) throws -> TrainingRecipe {
        var values = Values()
        change(&values)
        return try TrainingRecipe(
            rank: values.rank,
            alpha: values.alpha,
            rankStabilised: true,
            dropout: values.dropout,
            targets: values.targets,
            learningRate: 0.01,
            steps: values.steps,
            batchSize: values.batchSize,
            accumulation: values.accumulation,
            places: .packed,
            maxTokens: values.maxTokens,
            lossTokens: .all,
            heldOutPerMille: values.heldOut,
            earlyStopping: values.stopping,
            segmentSteps: 2,
            seed: .zero
        )
    }

    struct Values {
        var rank = 64
        var alpha: Float = 16
        var dropout: Float = 0.05
        var targets: TargetSelection = [.query, .down]
        var steps = 10
        var batchSize = 4
        var accumulation = 8
        var maxTokens = 128
        var heldOut = 100
        var stopping: EarlyStopping? = EarlyStopping(interval: 2, patience: 3, minimumGain: 0.1)
    }

    static let refusals: [(String, @Sendable (inout Values) -> Void)] = [
        ("rank", { $0.rank = 0 }),
        ("rank", { $0.rank = 257 }),
        ("alpha", { $0.alpha = .nan }),
        ("dropout", { $0.dropout = 0.95 }),
        ("dropout", { $0.dropout = -0.1 }),
        ("targets", { $0.targets = [] }),
        ("targets", { $0.targets = [.up, .up] }),
        ("targets", { $0.targets = .init([LoRASite(layer: 512, linear: .up)], layers: 600) }),
        ("batchSize", { $0.batchSize = 1025 }),
        ("accumulation", { $0.accumulation = 0 }),
        ("maxTokens", { $0.maxTokens = 1 }),
        ("heldOutPerMille", { $0.heldOut = 501 }),
        ("earlyStopping", { $0.heldOut = 0 }),
        ("earlyStopping.interval", { $0.stopping = .init(interval: 11, patience: 1) }),
        ("earlyStopping.patience", { $0.stopping = .init(interval: 1, patience: 0) }),
        (
            "earlyStopping.minimumGain",
            { $0.stopping = .init(interval: 1, patience: 1, minimumGain: -1) }
        ),
        (
            "segmentSteps",
            {
                $0.steps = 1; $0.stopping = nil
            }
        ),
    ]

    @Test("a value outside its range is refused by name", arguments: refusals)
    func ranges(_ name: String, _ change: @Sendable (inout Values) -> Void) throws {
        #expect(throws: TrainingRecipe.Failure.outOfRange(name)) { try Self.recipe(change) }
    }

    @Test("a recipe survives its encoding, whole and with pairs in some layers only")
    func encoding() throws {
        let some = TargetSelection(
            [
                LoRASite(layer: 0, linear: .query), LoRASite(layer: 9, linear: .query),
                LoRASite(layer: 511, linear: .down),
            ],
            layers: 512
        )
        for targets in [TargetSelection(LinearLayer.allCases), some] {
            let recipe = try Self.recipe { $0.targets = targets }
            let bytes = recipe.borshBytes
            #expect(bytes.count <= 600)
            #expect(try TrainingRecipe(borsh: bytes) == recipe)
            for length in 0..<bytes.count {
                #expect(throws: BorshError.self) {
                    try TrainingRecipe(borsh: Array(bytes.prefix(length)))
                }
            }
        }
    }

    @Test("bytes of another version, or of a second form of the same recipe, are refused")
    func strictness() throws {
        let bytes = try Self.recipe().borshBytes
        func altered(_ place: Int, _ byte: UInt8) -> [UInt8] {
            var copy = bytes
            copy[place] = byte
            return copy
        }
        #expect(bytes[0] == 2 && bytes[1] == 1)
        // Version, numerics version, a bool of 2, minus zero, a layer set that ends with zeros.
        var padded = bytes
        padded.replaceSubrange(19..<23, with: [1, 0, 0, 0, 0])
        for bad in [altered(0, 1), altered(0, 3), altered(1, 2), altered(9, 2), padded] {
            #expect(throws: BorshError.self) { try TrainingRecipe(borsh: bad) }
        }
        let zero = try Self.recipe { $0.dropout = 0 }.borshBytes
        var minus = zero
        minus[13] = 0x80
        #expect(zero[10..<14] == [0, 0, 0, 0])
        #expect(throws: BorshError.self) { try TrainingRecipe(borsh: minus) }
    }

    @Test("targets are read by PEFT's rules, and named as PEFT names them")
    func targets() throws {
        let model = try RandomLlama(layers: 3).configuration
        func read(_ text: String) throws -> TargetSelection { try .init(text, for: model) }
        #expect(try read("q_proj, v_proj") == [.query, .value])
        #expect(try read("all-linear") == TargetSelection(model.description.linears))
        #expect(try read(#".*\.(up|down)_proj"#) == [.up, .down])
        let some = try read(#".*layers\.[12]\.mlp\.up_proj"#)
        #expect(
            some.targetModules == ["model.layers.1.mlp.up_proj", "model.layers.2.mlp.up_proj"]
        )
        #expect(try read("layers.1.mlp.up_proj,layers.2.mlp.up_proj") == some)
        #expect(some.sites(layers: 3).map(\.layer) == [1, 2])
        #expect(try read("q_proj").targetModules == ["q_proj"])
        #expect(throws: TargetSelection.Failure.nothingMatches("proj")) { try read("q_proj,proj") }
        #expect(throws: TargetSelection.Failure.nothingMatches("q_.+x")) { try read("q_.+x") }
        #expect(throws: TargetSelection.Failure.invalidPattern("(")) { try read("(") }
        #expect(throws: TargetSelection.Failure.tooLong(limit: 4096)) {
            try read(String(repeating: "q", count: 4097))
        }
    }
}
