// Reads `adapter_config.json`: every key is read, free, or has to be off.

import JSON

extension PEFTConfiguration {
    /// Keys that say where the adapter comes from or how it was started; any value will do.
    private static let free: Set<String> = [
        "auto_mapping", "inference_mode", "peft_version", "init_lora_weights", "qalora_group_size",
        "megatron_core",
    ]

    /// Keys that are read.
    private static let read: Set<String> = [
        "peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "target_modules", "bias",
        "use_rslora", "use_dora", "base_model_name_or_path", "revision", "exclude_modules",
        "layers_to_transform", "layers_pattern", "rank_pattern", "alpha_pattern", "fan_in_fan_out",
    ]

    package init(json bytes: [UInt8]) throws(PEFTError) {
        let file = try PEFTFile(bytes)
        try file.check(free: Self.free, read: Self.read)
        guard let rank = file.object["r"]?.integer(Int.self), (1...Self.rankLimit).contains(rank)
        else { throw .invalidKey("r") }
        guard let alpha = file.object["lora_alpha"]?.double, PEFTFile.alphas.contains(alpha) else {
            throw .invalidKey("lora_alpha")
        }
        let dropout = try file.optional("lora_dropout", \.double) ?? 0
        guard (0..<1).contains(dropout) else { throw .invalidKey("lora_dropout") }
        guard let targets = try file.selector("target_modules") else {
            throw .invalidKey("target_modules")
        }
        let layers = try file.layers()
        if layers != nil {
            guard case .names = targets else { throw .invalidKey("layers_to_transform") }
        }
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.targets = targets
        self.layers = layers
        excluded = try file.selector("exclude_modules")
        usesRankStabilisation = try file.optional("use_rslora", \.bool) ?? false
        usesMagnitudes = try file.optional("use_dora", \.bool) ?? false
        fanInFanOut = try file.optional("fan_in_fan_out", \.bool) ?? false
        rankPattern = try file.rules("rank_pattern") { value in
            value.integer(Int.self).flatMap { (1...Self.rankLimit).contains($0) ? $0 : nil }
        }
        alphaPattern = try file.rules("alpha_pattern") { value in
            value.double.flatMap { PEFTFile.alphas.contains($0) ? $0 : nil }
        }
        baseModel = try file.optional("base_model_name_or_path", \.string)
        revision = try file.optional("revision", \.string)
    }
}

/// The reads that `adapter_config.json` needs.
private struct PEFTFile {
    static let alphas = Double.leastNormalMagnitude...1e6

    let object: JSONObject

    init(_ bytes: [UInt8]) throws(PEFTError) {
        let root: JSON
        do {
            root = try JSON.parse(bytes, byteLimit: PEFTConfiguration.fileLimit)
        } catch {
            throw .invalidJSON(error)
        }
        guard let object = root.object else { throw .invalidKey("adapter_config.json") }
        self.object = object
    }

    func check(free: Set<String>, read: Set<String>) throws(PEFTError) {
        for member in object.members
        where !free.contains(member.key) && !read.contains(member.key) {
            guard Self.isOff(member.value) else { throw unsupported(member.key) }
        }
        guard object["peft_type"] == "LORA" else { throw .invalidKey("peft_type") }
        for (key, allowed) in [("task_type", "CAUSAL_LM"), ("bias", "none")] {
            if let value = object[key], value != .null, value.string != allowed {
                throw unsupported(key)
            }
        }
        // The others start from another base than the published weights, unless converted.
        let starts = ["gaussian", "eva", "orthogonal"]
        if let start = object["init_lora_weights"]?.string, !starts.contains(start) {
            throw unsupported("init_lora_weights")
        }
    }

    /// Whether a value says "off" whatever the key is.
    private static func isOff(_ value: JSON) -> Bool {
        switch value {
        case .null, .bool(false): true
        case .array(let items): items.isEmpty
        case .object(let object): object.count == 0
        case .string(let text): text.isEmpty
        default: false
        }
    }

    func unsupported(_ key: String) -> PEFTError {
        let value = object[key] ?? .null
        return .unsupported(key: key, value: String(value.compactText.prefix(120)))
    }

    func optional<Value>(
        _ key: String,
        _ read: (JSON) -> Value?
    ) throws(PEFTError) -> Value? {
        guard let value = object[key], value != .null else { return nil }
        guard let result = read(value) else { throw .invalidKey(key) }
        return result
    }

    /// A list of names, a pattern, or nothing.
    func selector(_ key: String) throws(PEFTError) -> ModuleSelector? {
        guard let value = object[key], value != .null else { return nil }
        if let text = value.string {
            if text == "all-linear", key == "target_modules" { return .allLinear }
            do {
                return .pattern(try ModulePattern(text))
            } catch {
                throw unsupported(key)
            }
        }
        guard let items = value.array, items.count <= PEFTConfiguration.entryLimit else {
            throw .invalidKey(key)
        }
        var names: Set<String> = []
        for item in items {
            guard let name = item.string, !name.isEmpty, name.utf8.count <= 256 else {
                throw .invalidKey(key)
            }
            names.insert(name)
        }
        guard !names.isEmpty else {
            if key == "target_modules" { throw .invalidKey(key) }
            return nil
        }
        return .names(names.sorted())
    }

    /// `layers_to_transform`: a number, a list, or nothing. `layers_pattern` may only say what the
    /// families' lists of layers are called.
    func layers() throws(PEFTError) -> [Int]? {
        if let value = object["layers_pattern"], value != .null, value != [], value != "" {
            let names = value.array ?? [value]
            guard names.contains("layers") || names.contains("h") else {
                throw unsupported("layers_pattern")
            }
        }
        guard let value = object["layers_to_transform"], value != .null, value != [] else {
            return nil
        }
        let items = value.array ?? [value]
        guard items.count <= PEFTConfiguration.entryLimit else {
            throw .invalidKey("layers_to_transform")
        }
        var layers: Set<Int> = []
        for item in items {
            guard let layer = item.integer(Int.self), layer >= 0 else {
                throw .invalidKey("layers_to_transform")
            }
            layers.insert(layer)
        }
        return layers.sorted()
    }

    func rules<Value>(
        _ key: String,
        _ read: (JSON) -> Value?
    ) throws(PEFTError) -> [PatternRule<Value>] {
        guard let value = object[key], value != .null else { return [] }
        guard let entries = value.object, entries.count <= PEFTConfiguration.entryLimit else {
            throw .invalidKey(key)
        }
        var rules: [PatternRule<Value>] = []
        for member in entries.members {
            guard let own = read(member.value) else { throw .invalidKey("\(key).\(member.key)") }
            do {
                rules.append(try PatternRule(key: member.key, value: own))
            } catch {
                throw .unsupported(key: key, value: String(member.key.prefix(120)))
            }
        }
        return rules
    }
}
