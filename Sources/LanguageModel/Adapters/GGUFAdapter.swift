// An adapter as llama.cpp loads it: `blk.{i}.{stem}.weight.lora_a` [rank, in] and `.lora_b`
// [out, rank], scaled by `adapter.lora.alpha` over the rank of each pair.

import ExactMath

package enum GGUFAdapter {
    /// The bytes of a GGUF file. Rows of B on q and k follow GGUF's order for the architecture
    /// `llama`; scales that alpha over the rank does not give (rank-stabilised adapters, patterns)
    /// are worked into B in float32.
    /// - Throws: `hasMagnitudes` for DoRA, which the format cannot say, and what `validate` throws.
    package static func bytes(
        _ adapter: LoRAAdapter,
        for configuration: ModelConfiguration
    ) throws(LoRAAdapter.Failure) -> [UInt8] {
        try adapter.validate(for: configuration)
        var writer = GGUFWriter()
        writer.set("general.architecture", architecture(configuration.family))
        writer.set("general.type", "adapter")
        writer.set("adapter.type", "lora")
        writer.set("adapter.lora.alpha", adapter.alpha)
        for module in adapter.modules {
            let site = module.site
            if module.magnitude != nil { throw .hasMagnitudes(site.path) }
            let name = "blk.\(site.layer).\(GGUFNames.stem(site.linear)).weight"
            writer.add(name + ".lora_a", [module.rank, module.a.columns], module.a.values)
            let factor = adapter.scaling(of: module) * Float(module.rank) / adapter.alpha
            let rows = rowOrder(site.linear, configuration)
            let b = rows.flatMap { row in module.b.row(row).map { $0 * factor } }
            guard b.allSatisfy(\.isFinite) else { throw .notFinite(site.path + ".lora_B") }
            writer.add(name + ".lora_b", [module.b.rows, module.rank], b)
        }
        return writer.bytes
    }

    private static func architecture(_ family: DecoderFamily) -> String {
        switch family {
        case .llama: "llama"
        case .qwen2: "qwen2"
        case .qwen3: "qwen3"
        case .gpt2: "gpt2"
        }
    }

    /// Which of our rows stands at each of GGUF's: pairs (i, i + d/2) become (2i, 2i + 1).
    private static func rowOrder(
        _ linear: LinearLayer,
        _ configuration: ModelConfiguration
    ) -> [Int] {
        let count = configuration.shape(of: linear).rows
        guard configuration.family == .llama, linear == .query || linear == .key else {
            return Array(0..<count)
        }
        let width = configuration.headDimension
        return (0..<count).map { row in
            let inside = row % width
            return row - inside + inside / 2 + inside % 2 * (width / 2)
        }
    }
}
