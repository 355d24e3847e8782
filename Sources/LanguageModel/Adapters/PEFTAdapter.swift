// A PEFT adapter folder in memory: `adapter_config.json` and `adapter_model.safetensors`. Tensors:
// `base_model.model.{path}.lora_A.weight` [rank, in], `.lora_B.weight` [out, rank], and for DoRA
// `.lora_magnitude_vector` [out], path as `model.layers.0.self_attn.q_proj`. The tensors must be
// exactly those that the configuration asks for.

import ExactMath

/// An adapter whose tensors have been checked against the base model's shape.
package struct PEFTAdapter: Sendable, Equatable {
    package let configuration: PEFTConfiguration
    package let adapter: LoRAAdapter

    /// An adapter to be written; the configuration's settings are taken from it.
    /// - Parameter layers: the model's; nil where the adapter's last layer is the model's.
    package init(
        _ adapter: LoRAAdapter,
        dropout: Double = 0,
        baseModel: String?,
        layers: Int? = nil
    ) {
        self.adapter = adapter
        configuration = PEFTConfiguration(
            adapter,
            dropout: dropout,
            baseModel: baseModel,
            layers: layers
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
        for site in try configuration.sites(in: model) {
            modules.append(try Self.module(site, configuration, model, in: source))
        }
        let expected = Set(modules.flatMap { Self.tensors(of: $0).map(\.name) })
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

    private static func module(
        _ site: LoRASite,
        _ configuration: PEFTConfiguration,
        _ model: ModelConfiguration,
        in source: SafetensorsFile
    ) throws(PEFTError) -> LoRAModule {
        let shape = model.shape(of: site.linear)
        let settings = configuration.settings(of: site.path)
        let name = magnitudeName(site)
        return LoRAModule(
            site: site,
            a: try matrix(Self.name(site, "A"), [settings.rank, shape.columns], in: source),
            b: try matrix(Self.name(site, "B"), [shape.rows, settings.rank], in: source),
            alpha: settings.isOwn ? Float(settings.alpha) : nil,
            magnitude: configuration.usesMagnitudes
                ? try matrix(name, [shape.rows], in: source).values : nil
        )
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
        adapter.modules.flatMap { tensors(of: $0) }
    }

    private static func tensors(of module: LoRAModule) -> [NamedTensor] {
        var tensors = [(module.a, "A"), (module.b, "B")].map { matrix, factor in
            NamedTensor(
                name: name(module.site, factor),
                shape: [matrix.rows, matrix.columns],
                values: matrix.values
            )
        }
        if let magnitude = module.magnitude {
            tensors.append(
                NamedTensor(
                    name: magnitudeName(module.site),
                    shape: [magnitude.count],
                    values: magnitude
                )
            )
        }
        return tensors
    }

    package static func name(_ site: LoRASite, _ factor: String) -> TensorName {
        TensorName("base_model.model.\(site.path).lora_\(factor).weight")
    }

    private static func magnitudeName(_ site: LoRASite) -> TensorName {
        TensorName("base_model.model.\(site.path).lora_magnitude_vector")
    }

    /// A vector is one row.
    private static func matrix(
        _ name: TensorName,
        _ shape: [Int],
        in source: SafetensorsFile
    ) throws(PEFTError) -> Matrix {
        guard let entry = source.entry(named: name) else { throw .missingTensor(name) }
        guard entry.shape == shape else {
            throw .wrongShape(name, expected: shape, found: entry.shape)
        }
        do {
            return Matrix(
                rows: shape.count == 1 ? 1 : shape[0],
                columns: shape[shape.count - 1],
                values: try source.floats(of: entry)
            )
        } catch {
            throw .invalidWeights(error)
        }
    }
}
