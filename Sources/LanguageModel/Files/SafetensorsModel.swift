// The weights of a model folder (`model.safetensors`) as the computation asks for them.

package import ExactMath

package struct SafetensorsModel: TensorSource, Sendable {
    package let file: SafetensorsFile

    /// Refuses tensors that the configuration has no place for: a bias, say, would be ignored.
    package init(
        _ file: SafetensorsFile,
        configuration: ModelConfiguration
    ) throws(ModelFileError) {
        let known = Set(configuration.tensorNames.map { TensorName($0) })
        if let extra = file.entries.first(where: { !known.contains($0.name) }) {
            throw .unexpectedTensor(extra.name)
        }
        self.file = file
    }

    package func matrix(named name: String) throws(ModelLoadError) -> Matrix {
        guard let entry = file.entry(named: TensorName(name)) else { throw .missingTensor(name) }
        do {
            return try Matrix(shape: entry.shape, values: try file.floats(of: entry), name: name)
        } catch let error as ModelLoadError {
            throw error
        } catch SafetensorsError.notFinite {
            throw .notFinite(name)
        } catch {
            throw .unreadable(name, reason: "\(error)")
        }
    }
}

extension ModelConfiguration {
    /// The names of all weights, as Hugging Face has them.
    package var tensorNames: [String] {
        var names = ["model.embed_tokens.weight", "model.norm.weight"]
        if !tiedEmbeddings { names.append("lm_head.weight") }
        for layer in 0..<layers {
            let modules = LinearLayer.allCases.map(\.moduleName)
            names += (modules + ["input_layernorm", "post_attention_layernorm"]).map {
                "model.layers.\(layer).\($0).weight"
            }
        }
        return names
    }
}

extension Matrix {
    /// A matrix of a tensor with one or two dimensions; a vector is one row.
    init(shape: [Int], values: [Float], name: String) throws(ModelLoadError) {
        guard shape.count == 1 || shape.count == 2 else {
            throw .unreadable(name, reason: "it has \(shape.count) dimensions")
        }
        self.init(
            rows: shape.count == 1 ? 1 : shape[0],
            columns: shape[shape.count - 1],
            values: values
        )
    }
}
