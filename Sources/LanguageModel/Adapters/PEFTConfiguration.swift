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

    package let rank: Int
    package let alpha: Double
    /// Scale by alpha/√rank instead of alpha/rank.
    package let usesRankStabilisation: Bool
    /// During training only; no part of what the adapter computes.
    package let dropout: Double
    /// Sorted and distinct.
    package let targetModules: [String]
    package let baseModel: String?
    package let revision: String?

    /// - Precondition: rank, alpha and dropout are inside their ranges.
    package init(
        rank: Int,
        alpha: Double,
        usesRankStabilisation: Bool = false,
        dropout: Double = 0,
        targetModules: [String],
        baseModel: String?,
        revision: String? = nil
    ) {
        precondition((1...Self.rankLimit).contains(rank) && alpha.isFinite && alpha > 0)
        precondition((0..<1).contains(dropout))
        self.rank = rank
        self.alpha = alpha
        self.usesRankStabilisation = usesRankStabilisation
        self.dropout = dropout
        self.targetModules = Set(targetModules).sorted()
        self.baseModel = baseModel
        self.revision = revision
    }

    /// y = Wx + scaling · B(Ax)
    package var scaling: Double {
        usesRankStabilisation ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
    }
}

extension PEFTConfiguration {
    /// Keys that say where the adapter comes from or how it was started, and how the base stores
    /// its matrices, which its configuration says as well; any value will do.
    private static let free: Set<String> = [
        "auto_mapping", "inference_mode", "peft_version", "init_lora_weights", "qalora_group_size",
        "megatron_core", "fan_in_fan_out",
    ]

    /// Keys that are read.
    private static let read: Set<String> = [
        "peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "target_modules", "bias",
        "use_rslora", "base_model_name_or_path", "revision",
    ]

    package init(json bytes: [UInt8]) throws(PEFTError) {
        let root: JSON
        do {
            root = try JSON.parse(bytes, byteLimit: Self.fileLimit)
        } catch {
            throw .invalidJSON(error)
        }
        guard let object = root.object else { throw .invalidKey("adapter_config.json") }
        for member in object.members
        where !Self.free.contains(member.key) && !Self.read.contains(member.key) {
            guard Self.isDefault(member.value) else { throw Self.unsupported(member) }
        }
        guard object["peft_type"] == "LORA" else { throw .invalidKey("peft_type") }
        for (key, allowed) in [("task_type", "CAUSAL_LM"), ("bias", "none")] {
            if let value = object[key], value != .null, value.string != allowed {
                throw Self.unsupported(.init(key: key, value: value))
            }
        }
        // These start from another base than the published weights, unless they were converted.
        if let start = object["init_lora_weights"]?.string, start != "gaussian" {
            throw Self.unsupported(.init(key: "init_lora_weights", value: .string(start)))
        }
        rank = try Self.rank(object)
        guard let alpha = object["lora_alpha"]?.double, alpha > 0, alpha <= 1e6 else {
            throw .invalidKey("lora_alpha")
        }
        self.alpha = alpha
        dropout = try Self.optional(object, "lora_dropout", \.double) ?? 0
        guard (0..<1).contains(dropout) else { throw .invalidKey("lora_dropout") }
        usesRankStabilisation = try Self.optional(object, "use_rslora", \.bool) ?? false
        targetModules = try Self.targetModules(object)
        baseModel = try Self.optional(object, "base_model_name_or_path", \.string)
        revision = try Self.optional(object, "revision", \.string)
    }

    /// Whether a value says "off" whatever the key is.
    private static func isDefault(_ value: JSON) -> Bool {
        switch value {
        case .null, .bool(false): true
        case .array(let items): items.isEmpty
        case .object(let object): object.count == 0
        case .string(let text): text.isEmpty
        default: false
        }
    }

    private static func unsupported(_ member: JSONObject.Member) -> PEFTError {
        .unsupported(key: member.key, value: String(member.value.compactText.prefix(120)))
    }

    private static func rank(_ object: JSONObject) throws(PEFTError) -> Int {
        guard let rank = object["r"]?.integer(Int.self), (1...rankLimit).contains(rank) else {
            throw .invalidKey("r")
        }
        return rank
    }

    private static func optional<Value>(
        _ object: JSONObject,
        _ key: String,
        _ read: (JSON) -> Value?
    ) throws(PEFTError) -> Value? {
        guard let value = object[key], value != .null else { return nil }
        guard let result = read(value) else { throw .invalidKey(key) }
        return result
    }

    private static func targetModules(_ object: JSONObject) throws(PEFTError) -> [String] {
        guard let value = object["target_modules"] else { throw .invalidKey("target_modules") }
        guard let items = value.array else {
            throw unsupported(.init(key: "target_modules", value: value))
        }
        var names: Set<String> = []
        for item in items {
            guard let name = item.string, !name.isEmpty, name.utf8.count <= 256 else {
                throw .invalidKey("target_modules")
            }
            names.insert(name)
        }
        guard !names.isEmpty else { throw .invalidKey("target_modules") }
        return names.sorted()
    }
}

extension PEFTConfiguration {
    /// The file as PEFT 0.21 writes it, keys sorted and indented by two.
    package var json: [UInt8] {
        let alphaIsWhole = alpha == alpha.rounded() && alpha < 1e6
        let off: [String] = ["fan_in_fan_out", "use_dora", "lora_bias"]
        let absent: [String] = [
            "auto_mapping", "exclude_modules", "layers_pattern", "layers_to_transform",
            "modules_to_save",
        ]
        var members: [JSONObject.Member] = [
            .init(key: "peft_type", value: "LORA"),
            .init(key: "task_type", value: "CAUSAL_LM"),
            .init(key: "base_model_name_or_path", value: baseModel.map(JSON.string) ?? .null),
            .init(key: "revision", value: revision.map(JSON.string) ?? .null),
            .init(key: "inference_mode", value: true),
            .init(key: "r", value: .integer(rank)),
            .init(
                key: "lora_alpha",
                value: alphaIsWhole ? .integer(Int(alpha)) : Self.real(alpha)
            ),
            .init(key: "lora_dropout", value: Self.real(dropout)),
            .init(key: "target_modules", value: .array(targetModules.map(JSON.string))),
            .init(key: "bias", value: "none"),
            .init(key: "init_lora_weights", value: true),
            .init(key: "rank_pattern", value: [:]),
            .init(key: "alpha_pattern", value: [:]),
            .init(key: "use_rslora", value: .bool(usesRankStabilisation)),
            .init(key: "peft_version", value: "0.21.2"),
        ]
        members += off.map { .init(key: $0, value: false) }
        members += absent.map { .init(key: $0, value: .null) }
        members.sort { $0.key < $1.key }
        return Array(JSON.object(JSONObject(members)).prettyText.utf8)
    }

    private static func real(_ value: Double) -> JSON {
        JSONNumber(value).map(JSON.number) ?? .null
    }
}
