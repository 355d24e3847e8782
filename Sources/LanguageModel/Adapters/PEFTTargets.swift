// Which modules an adapter's settings mean, by PEFT's rules.

/// The value of `target_modules` or `exclude_modules`.
package enum ModuleSelector: Sendable, Equatable {
    /// A module's path equals an item or ends with a dot and the item. Sorted and distinct.
    case names([String])
    /// A regular expression that the whole path matches.
    case pattern(ModulePattern)
    /// Every matrix of a layer.
    case allLinear

    func matches(_ path: String) -> Bool {
        switch self {
        case .names(let names): names.contains { Self.matches(path, $0) }
        case .pattern(let pattern): pattern.matches(path)
        case .allLinear: true
        }
    }

    static func matches(_ path: String, _ name: String) -> Bool {
        path == name || path.hasSuffix("." + name)
    }
}

/// One entry of `rank_pattern` or `alpha_pattern`: the first whose key matches a path counts.
package struct PatternRule<Value: Sendable & Equatable>: Sendable, Equatable {
    package let key: String
    package let value: Value
    private let pattern: ModulePattern

    package init(key: String, value: Value) throws(ModulePattern.Failure) {
        self.key = key
        self.value = value
        pattern = try ModulePattern(suffix: key)
    }

    func matches(_ path: String) -> Bool { pattern.matches(path) }
}

extension PEFTConfiguration {
    /// Rank and alpha of one module, and whether a pattern gave either.
    func settings(of path: String) -> (rank: Int, alpha: Double, isOwn: Bool) {
        let rankRule = rankPattern.first { $0.matches(path) }
        let alphaRule = alphaPattern.first { $0.matches(path) }
        return (
            rankRule?.value ?? rank, alphaRule?.value ?? alpha,
            rankRule != nil || alphaRule != nil
        )
    }

    /// The sites that the settings name in a model.
    /// - Throws: `unknownModule` with a name that the model does not have.
    func sites(in model: ModelConfiguration) throws(PEFTError) -> [LoRASite] {
        let all = (0..<model.layers).flatMap { layer in
            model.description.linears.map { LoRASite(layer: layer, linear: $0) }
        }
        if case .names(let names) = targets {
            for name in names where !all.contains(where: { ModuleSelector.matches($0.path, name) })
            {
                throw .unknownModule(name)
            }
        }
        for layer in layers ?? [] where !(0..<model.layers).contains(layer) {
            throw .unknownModule("layers_to_transform: \(layer)")
        }
        let sites = all.filter { site in
            let path = site.path
            guard targets.matches(path), !(excluded?.matches(path) ?? false) else { return false }
            // A module that is named by its whole path counts whatever its layer.
            if case .names(let names) = targets, names.contains(path) { return true }
            return layers?.contains(site.layer) ?? true
        }
        guard !sites.isEmpty else { throw .unknownModule("target_modules") }
        return sites
    }
}
