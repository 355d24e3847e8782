// A model with an adapter worked into its weights, as a Hugging Face folder.

package import ExactMath
import JSON

package enum AdapterMerge {
    package enum Failure: Error, Equatable {
        case adapter(LoRAAdapter.Failure)
        case weights(ModelLoadError)
        case arithmetic(ExactMathError)
    }

    /// `model.safetensors` of W + scaling · B A, with every tensor in float32 under Hugging Face's
    /// names; with magnitudes, the rows of that brought to them (DoRA). Sums over the rank in
    /// float64 in ascending order, rounded once.
    package static func safetensors(
        _ source: some TensorSource,
        _ configuration: ModelConfiguration,
        _ adapter: LoRAAdapter
    ) throws(Failure) -> [UInt8] {
        do {
            try adapter.validate(for: configuration)
        } catch {
            throw .adapter(error)
        }
        var modules: [String: LoRAModule] = [:]
        for module in adapter.modules { modules[module.site.path + ".weight"] = module }
        var items: [SafetensorsItem] = []
        for name in configuration.tensorNames {
            var matrix: Matrix
            do {
                matrix = try source.matrix(named: name)
            } catch {
                throw .weights(error)
            }
            if let module = modules[name] {
                do {
                    try Layers.merge(
                        module.b,
                        module.a,
                        scale: adapter.scaling(of: module),
                        magnitude: module.magnitude,
                        into: &matrix
                    )
                } catch {
                    throw .arithmetic(error)
                }
            }
            items.append(SafetensorsItem(tensor(name, matrix, configuration)))
        }
        return SafetensorsWriter.write(items, metadata: [("format", "pt")])
    }

    /// The base's `config.json` for merged weights: float32, whatever the base's are.
    package static func configuration(of base: [UInt8]) throws(ModelFileError) -> [UInt8] {
        guard let object = try? JSON.parse(base).object else { throw .invalidKey("config.json") }
        var members = object.members.filter { $0.key != "quantization_config" }
        for place in members.indices where ["dtype", "torch_dtype"].contains(members[place].key) {
            members[place] = .init(key: members[place].key, value: "float32")
        }
        return Array(JSON.object(JSONObject(members)).prettyText.utf8)
    }

    private static func tensor(
        _ name: String,
        _ matrix: Matrix,
        _ configuration: ModelConfiguration
    ) -> NamedTensor {
        let isMatrix = configuration.isMatrix(name)
        let stored =
            configuration.isStoredTransposed(name) ? Layers.transposed(matrix) : matrix
        return NamedTensor(
            name: TensorName(name),
            shape: isMatrix ? [stored.rows, stored.columns] : [stored.columns],
            values: stored.values
        )
    }
}

extension ModelConfiguration {
    /// Whether a weight's name is that of a matrix: all others are vectors.
    func isMatrix(_ name: String) -> Bool {
        let names = family.names
        return name == names.embedding || name == names.positions
            || name == DecoderTensorNames.head
            || description.linears.contains { name.hasSuffix(".\($0.moduleName).weight") }
    }

    /// Whether Hugging Face stores a weight as [in, out].
    func isStoredTransposed(_ name: String) -> Bool {
        description.linears.contains {
            $0.isStoredTransposed && name.hasSuffix(".\($0.moduleName).weight")
        }
    }
}
