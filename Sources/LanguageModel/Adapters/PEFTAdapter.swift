// A PEFT adapter folder in memory: `adapter_config.json` and `adapter_model.safetensors`. Tensors:
// `base_model.model.model.layers.{i}.{module}.lora_A.weight` [rank, in] and `.lora_B.weight`
// [out, rank]. The tensors must be exactly those that the configuration asks for.

import ExactMath

/// An adapter whose tensors have been checked against the base model's shape.
package struct PEFTAdapter: Sendable, Equatable {
    package let configuration: PEFTConfiguration
    package let adapter: LoRAAdapter

    /// An adapter to be written; the configuration's settings are taken from it.
    /// - Parameter layers: the model's; a matrix that has a pair in some of them only is named with
    ///   its whole path. Nil when every matrix has one in all layers or in none.
    package init(
        _ adapter: LoRAAdapter,
        usesRankStabilisation: Bool = false,
        dropout: Double = 0,
        baseModel: String?,
        layers: Int? = nil
    ) {
        self.adapter = adapter
        let sites = adapter.modules.map(\.site)
        let names =
            layers.map { TargetSelection(sites, layers: $0).targetModules }
            ?? sites.map(\.linear.targetName)
        configuration = PEFTConfiguration(
            rank: adapter.rank,
            alpha: Double(adapter.alpha),
            usesRankStabilisation: usesRankStabilisation,
            dropout: dropout,
            targetModules: names,
            baseModel: baseModel
        )
    }

    package init(
        configuration file: [UInt8],
        weights: [UInt8],
        model: ModelConfiguration
    ) throws(PEFTError) {
        let configuration = try PEFTConfiguration(json: file)
        let source: SafetensorsFile
        do {
            source = try SafetensorsFile(weights)
        } catch {
            throw .invalidWeights(error)
        }
        var modules: [LoRAModule] = []
        var expected: Set<TensorName> = []
        for site in try Self.sites(of: configuration, in: model) {
            let shape = model.shape(of: site.linear)
            let rank = configuration.rank
            expected.formUnion([Self.name(site, "A"), Self.name(site, "B")])
            modules.append(
                LoRAModule(
                    site: site,
                    a: try Self.matrix(Self.name(site, "A"), rank, shape.columns, in: source),
                    b: try Self.matrix(Self.name(site, "B"), shape.rows, rank, in: source)
                )
            )
        }
        if let extra = source.entries.first(where: { !expected.contains($0.name) }) {
            throw .unexpectedTensor(extra.name)
        }
        self.configuration = configuration
        do {
            adapter = try LoRAAdapter(
                rank: configuration.rank,
                alpha: Float(configuration.alpha),
                rankStabilised: configuration.usesRankStabilisation,
                modules: modules
            )
        } catch {
            throw .invalidAdapter(error)
        }
    }

    /// `adapter_model.safetensors`, all tensors float32.
    package var weights: [UInt8] {
        SafetensorsWriter.write(
            Self.tensors(of: adapter).map { SafetensorsItem($0) },
            metadata: [("format", "pt")]
        )
    }

    /// The tensors of an adapter under PEFT's names.
    package static func tensors(of adapter: LoRAAdapter) -> [NamedTensor] {
        adapter.modules.flatMap { module in
            [(module.a, "A"), (module.b, "B")].map { matrix, factor in
                NamedTensor(
                    name: name(module.site, factor),
                    shape: [matrix.rows, matrix.columns],
                    values: matrix.values
                )
            }
        }
    }

    package static func name(_ site: LoRASite, _ factor: String) -> TensorName {
        TensorName("base_model.model.\(site.path).lora_\(factor).weight")
    }

    /// The sites that the configuration's `target_modules` names, by PEFT's rule: a module's path
    /// equals an item or ends with a dot and the item.
    private static func sites(
        of configuration: PEFTConfiguration,
        in model: ModelConfiguration
    ) throws(PEFTError) -> [LoRASite] {
        var used: Set<String> = []
        var sites: [LoRASite] = []
        for layer in 0..<model.layers {
            for linear in model.description.linears {
                let site = LoRASite(layer: layer, linear: linear)
                let items = configuration.targetModules.filter {
                    site.path == $0 || site.path.hasSuffix("." + $0)
                }
                if !items.isEmpty { sites.append(site) }
                used.formUnion(items)
            }
        }
        for item in configuration.targetModules where !used.contains(item) {
            throw .unknownModule(item)
        }
        return sites
    }

    private static func matrix(
        _ name: TensorName,
        _ rows: Int,
        _ columns: Int,
        in source: SafetensorsFile
    ) throws(PEFTError) -> Matrix {
        guard let entry = source.entry(named: name) else { throw .missingTensor(name) }
        guard entry.shape == [rows, columns] else {
            throw .wrongShape(name, expected: [rows, columns], found: entry.shape)
        }
        do {
            return Matrix(rows: rows, columns: columns, values: try source.floats(of: entry))
        } catch {
            throw .invalidWeights(error)
        }
    }
}
