// The NF4 twin of a model folder, as transformers saves it with bitsandbytes.

package import ExactMath
import JSON

package enum NF4Folder {
    /// Quantises every matrix of the layers; embeddings, norms, biases and the head stay as they
    /// are.
    ///
    /// - Parameters:
    ///   - configuration: the folder's `config.json`.
    ///   - weights: its safetensors files.
    ///   - isDouble: whether the scales of blocks are quantised as well.
    /// - Returns: `config.json` and `model.safetensors`. Every other file of the folder stays.
    package static func quantised(
        configuration bytes: [UInt8],
        weights: [SafetensorsFile],
        isDouble: Bool = true
    ) throws(ModelFileError) -> (configuration: [UInt8], weights: [UInt8]) {
        let marked = try marked(bytes, isDouble)
        let configuration = try ModelConfiguration(huggingFace: bytes)
        let description = configuration.description
        guard !description.linears.contains(where: \.isStoredTransposed) else {
            // The library stores such matrices in another order than it multiplies them.
            throw .unsupported(key: "model_type", value: "\(configuration.family)")
        }
        let suffixes = description.linears.map { "." + $0.moduleName + ".weight" }
        var items: [SafetensorsItem] = []
        for file in weights {
            for entry in file.entries {
                let name = entry.name.text
                if suffixes.contains(where: name.hasSuffix), entry.shape.count == 2 {
                    items += try quantised(entry, in: file, isDouble).items(named: name)
                } else {
                    items.append(
                        SafetensorsItem(
                            name: entry.name,
                            type: entry.type,
                            shape: entry.shape,
                            data: Array(file.bytes(of: entry))
                        )
                    )
                }
            }
        }
        return (
            marked,
            SafetensorsWriter.write(items, metadata: [("format", "pt")])
        )
    }

    private static func quantised(
        _ entry: SafetensorsFile.Entry,
        in file: SafetensorsFile,
        _ isDouble: Bool
    ) throws(ModelFileError) -> NF4Tensor {
        let types: [SafetensorsType: String] = [
            .f32: "float32", .f16: "float16", .bf16: "bfloat16",
        ]
        guard let type = types[entry.type], entry.shape.allSatisfy({ $0 > 0 }) else {
            throw .unsupported(key: entry.name.text, value: entry.type.name)
        }
        do {
            return NF4Tensor(
                rows: entry.shape[0],
                columns: entry.shape[1],
                values: try file.floats(of: entry),
                originalType: type,
                isDouble: isDouble
            )
        } catch {
            throw .invalidWeights(error)
        }
    }

    /// The configuration with what says that the weights are in NF4.
    private static func marked(
        _ bytes: [UInt8],
        _ isDouble: Bool
    ) throws(ModelFileError) -> [UInt8] {
        guard let object = try? JSON.parse(bytes).object else { throw .invalidKey("config.json") }
        guard object["quantization_config"] == nil else {
            throw .unsupported(key: "quantization_config", value: "quantised already")
        }
        let text = """
            {"_load_in_4bit": true, "_load_in_8bit": false, "bnb_4bit_compute_dtype": "float32",
            "bnb_4bit_quant_storage": "uint8", "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_use_double_quant": \(isDouble), "llm_int8_enable_fp32_cpu_offload": false,
            "llm_int8_has_fp16_weight": false, "llm_int8_skip_modules": null,
            "llm_int8_threshold": 6.0, "load_in_4bit": true, "load_in_8bit": false,
            "quant_method": "bitsandbytes"}
            """
        guard let quantisation = try? JSON.parse(Array(text.utf8)) else {
            preconditionFailure("the text above is JSON")
        }
        var members = object.members
        members.append(.init(key: "quantization_config", value: quantisation))
        members.sort { $0.key < $1.key }
        return Array(JSON.object(JSONObject(members)).prettyText.utf8)
    }
}

/// Another source's layers in NF4: the base of a QLoRA run.
package struct NF4Source<Base: TensorSource>: TensorSource {
    private let base: Base
    private let names: Set<String>

    package init(_ base: Base, _ configuration: ModelConfiguration) {
        self.base = base
        let prefix = configuration.family.names.layers
        names = Set(
            (0..<configuration.layers).flatMap { layer in
                configuration.description.linears.map {
                    "\(prefix)\(layer).\($0.moduleName).weight"
                }
            }
        )
    }

    package func matrix(named name: String) throws(ModelLoadError) -> Matrix {
        let matrix = try base.matrix(named: name)
        guard names.contains(name) else { return matrix }
        return Matrix(
            rows: matrix.rows,
            columns: matrix.columns,
            values: quantised(matrix).values
        )
    }

    package func operand(named name: String) throws(ModelLoadError) -> QuantizedMatrix {
        guard names.contains(name) else { return try base.operand(named: name) }
        return try quantised(base.matrix(named: name)).operand(named: name)
    }

    private func quantised(_ matrix: Matrix) -> NF4Tensor {
        NF4Tensor(
            rows: matrix.rows,
            columns: matrix.columns,
            values: matrix.values,
            originalType: "float32"
        )
    }
}

extension DecoderModel {
    /// The model of files with its layers' matrices in NF4.
    package static func inNF4(_ files: ModelBundle.Files) throws(ModelBundle.Failure) -> Self {
        do {
            switch files {
            case .gguf(let bytes):
                let source = try GGUFModel(GGUFFile(bytes))
                return try quantised(source, source.configuration)
            case .folder(let configuration, _, let weights, let index):
                let source = try SafetensorsModel(
                    configuration: configuration,
                    weights: weights,
                    index: index
                )
                return try quantised(source, source.configuration)
            }
        } catch let error as GGUFError {
            throw .file(.invalidGGUF(error))
        } catch let error as ModelFileError {
            throw .file(error)
        } catch let error as ModelLoadError {
            throw .weights(error)
        } catch {
            throw .file(.invalidKey("\(error)"))
        }
    }

    private static func quantised(
        _ source: some TensorSource,
        _ configuration: ModelConfiguration
    ) throws(ModelLoadError) -> DecoderModel {
        DecoderModel(
            try ModelWeights(
                configuration: configuration,
                source: NF4Source(source, configuration)
            )
        )
    }
}
