// `adapter_config.json` of a LoRA adapter as PEFT writes it. A setting that would change the
// computation and that we do not compute is refused by name; PEFT itself only warns.

package import JSON

package enum PEFTError: Error, Equatable {
    case invalidJSON(JSONError)
    /// A key is absent, of the wrong kind or outside its range.
    case invalidKey(String)
    /// A key has a value that asks for what we do not compute.
    case unsupported(key: String, value: String)
    /// A target module that the base model does not have.
    case unknownModule(String)
    case invalidWeights(SafetensorsError)
    case missingTensor(TensorName)
    case unexpectedTensor(TensorName)
    case invalidAdapter(LoRAAdapter.Failure)
    case wrongShape(TensorName, expected: [Int], found: [Int])
}

/// The settings of an adapter that matter to its computation, and its provenance.
package struct PEFTConfiguration: Sendable, Equatable {
    package static let fileLimit = 1 << 18
    package static let rankLimit = LoRAAdapter.maximumRank
    /// Entries of a list of modules, of layers, or of a pattern.
    package static let entryLimit = 4_096

    package let rank: Int
    package let alpha: Double
    /// Scale by alpha/√rank instead of alpha/rank.
    package let usesRankStabilisation: Bool
    /// Each output has a magnitude of its own (DoRA).
    package let usesMagnitudes: Bool
    /// During training only; no part of what the adapter computes.
    package let dropout: Double
    package let targets: ModuleSelector
    package let excluded: ModuleSelector?
    /// `layers_to_transform`: the layers that have pairs, or nil for all.
    package let layers: [Int]?
    package let rankPattern: [PatternRule<Int>]
    package let alphaPattern: [PatternRule<Double>]
    /// Whether the base stores its matrices as [in, out], as GPT-2 does; the computation knows it
    /// from the model.
    package let fanInFanOut: Bool
    package let baseModel: String?
    package let revision: String?

    /// Settings of an adapter, which list its modules by their last names where these mean no
    /// others of the model, and by their paths elsewhere.
    /// - Parameter layers: the model's; nil where the adapter's last layer is the model's.
    package init(
        _ adapter: LoRAAdapter,
        dropout: Double = 0,
        baseModel: String?,
        layers count: Int? = nil
    ) {
        precondition((0..<1).contains(dropout))
        rank = adapter.rank
        alpha = Double(adapter.alpha)
        usesRankStabilisation = adapter.isRankStabilised
        usesMagnitudes = adapter.modules.contains { $0.magnitude != nil }
        self.dropout = dropout
        let sites = adapter.modules.map(\.site)
        let selection = TargetSelection(sites, layers: count ?? (sites.last?.layer ?? 0) + 1)
        targets = .names(selection.targetModules.sorted())
        excluded = nil
        layers = nil
        // A path is a pattern of itself, and of nothing else in a model.
        let own = adapter.modules.filter { $0.alpha != nil }
        rankPattern = own.compactMap { try? PatternRule(key: $0.site.path, value: $0.rank) }
        alphaPattern = own.compactMap { module in
            try? PatternRule(
                key: module.site.path,
                value: Double(module.alpha ?? adapter.alpha)
            )
        }
        fanInFanOut = adapter.modules.contains { $0.site.linear.isStoredTransposed }
        self.baseModel = baseModel
        revision = nil
    }

    /// y = Wx + scaling · B(Ax), for modules that no pattern names.
    package var scaling: Float {
        LoRAAdapter.scaling(
            alpha: Float(alpha),
            rank: rank,
            rankStabilised: usesRankStabilisation
        )
    }

    /// The items of a list of targets; empty for a pattern.
    package var targetModules: [String] {
        guard case .names(let names) = targets else { return [] }
        return names
    }
}

extension PEFTConfiguration {
    /// The file as PEFT 0.21 writes it, keys sorted and indented by two.
    package var json: [UInt8] {
        let absent = ["auto_mapping", "layers_pattern", "modules_to_save"]
        var members: [JSONObject.Member] = [
            .init(key: "peft_type", value: "LORA"),
            .init(key: "task_type", value: "CAUSAL_LM"),
            .init(key: "base_model_name_or_path", value: baseModel.map(JSON.string) ?? .null),
            .init(key: "revision", value: revision.map(JSON.string) ?? .null),
            .init(key: "inference_mode", value: true),
            .init(key: "r", value: .integer(rank)),
            .init(key: "lora_alpha", value: Self.number(alpha)),
            .init(key: "lora_dropout", value: Self.real(dropout)),
            .init(key: "target_modules", value: Self.json(targets)),
            .init(key: "exclude_modules", value: excluded.map(Self.json) ?? .null),
            .init(
                key: "layers_to_transform",
                value: layers.map { .array($0.map { .integer($0) }) } ?? .null
            ),
            .init(key: "bias", value: "none"),
            .init(key: "init_lora_weights", value: true),
            .init(
                key: "rank_pattern",
                value: .object(
                    JSONObject(rankPattern.map { .init(key: $0.key, value: .integer($0.value)) })
                )
            ),
            .init(
                key: "alpha_pattern",
                value: .object(
                    JSONObject(
                        alphaPattern.map { .init(key: $0.key, value: Self.number($0.value)) }
                    )
                )
            ),
            .init(key: "use_rslora", value: .bool(usesRankStabilisation)),
            .init(key: "use_dora", value: .bool(usesMagnitudes)),
            .init(key: "lora_bias", value: false),
            .init(key: "fan_in_fan_out", value: .bool(fanInFanOut)),
            .init(key: "peft_version", value: "0.21.2"),
        ]
        members += absent.map { .init(key: $0, value: .null) }
        members.sort { $0.key < $1.key }
        return Array(JSON.object(JSONObject(members)).prettyText.utf8)
    }

    private static func json(_ selector: ModuleSelector) -> JSON {
        switch selector {
        case .names(let names): .array(names.map(JSON.string))
        case .pattern(let pattern): .string(pattern.text)
        case .allLinear: "all-linear"
        }
    }

    private static func number(_ value: Double) -> JSON {
        value == value.rounded() && value < 1e6 ? .integer(Int(value)) : real(value)
    }

    private static func real(_ value: Double) -> JSON {
        JSONNumber(value).map(JSON.number) ?? .null
    }
}
