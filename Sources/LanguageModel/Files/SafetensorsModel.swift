// The weights of a model folder as the computation asks for them: one `model.safetensors`, or
// shards under `model.safetensors.index.json`.

package import ExactMath
import JSON

package struct SafetensorsModel: TensorSource, Sendable {
    package let files: [SafetensorsFile]
    package let configuration: ModelConfiguration
    /// The computation's name of each tensor, and where it lies.
    private let places: [String: (file: Int, entry: SafetensorsFile.Entry)]
    /// Matrices in the NF4 format of bitsandbytes.
    private let quantised: [String: NF4Tensor]

    package init(
        _ file: SafetensorsFile,
        configuration: ModelConfiguration
    ) throws(ModelFileError) {
        try self.init([file], configuration: configuration)
    }

    /// Refuses tensors that the configuration has no place for (a bias, say, would be ignored),
    /// and tensors that two files hold.
    package init(
        _ files: [SafetensorsFile],
        configuration: ModelConfiguration
    ) throws(ModelFileError) {
        let known = Set(configuration.tensorNames)
        let quantised = try NF4Tensor.all(configuration, in: files)
        let parts = Set(quantised.keys.flatMap { NF4Tensor.partNames(of: $0) })
        var places: [String: (file: Int, entry: SafetensorsFile.Entry)] = [:]
        for (index, file) in files.enumerated() {
            for entry in file.entries where !parts.contains(entry.name) {
                guard let name = Self.canonicalName(of: entry, configuration, known) else {
                    guard Self.isDerived(entry, configuration) else {
                        throw .unexpectedTensor(entry.name)
                    }
                    continue
                }
                guard places.updateValue((index, entry), forKey: name) == nil else {
                    throw .misplacedTensor(entry.name)
                }
            }
        }
        if configuration.tiedEmbeddings {
            try Self.checkTiedHead(files, places[configuration.family.names.embedding])
        }
        self.files = files
        self.places = places
        self.quantised = quantised
        self.configuration = configuration
    }

    /// The model of a folder's files.
    /// - Parameters:
    ///   - configuration: `config.json`.
    ///   - weights: the safetensors files by name.
    ///   - index: `model.safetensors.index.json`, where there is one.
    package init(
        configuration bytes: [UInt8],
        weights: [(name: String, bytes: [UInt8])],
        index: [UInt8]?
    ) throws(ModelFileError) {
        let configuration = try ModelConfiguration(huggingFace: bytes)
        var shards: [(name: String, file: SafetensorsFile)] = []
        for file in weights {
            do {
                shards.append((file.name, try SafetensorsFile(file.bytes)))
            } catch {
                throw .invalidWeights(error)
            }
        }
        if let index { try ShardIndex(json: index).check(shards) }
        try self.init(shards.map(\.file), configuration: configuration)
    }

    package func matrix(named name: String) throws(ModelLoadError) -> Matrix {
        guard let place = places[name] else { throw .missingTensor(name) }
        if let own = quantised[name] {
            return try Matrix(shape: own.shape, values: own.values, name: name)
        }
        let matrix: Matrix
        do {
            let values = try files[place.file].floats(of: place.entry)
            matrix = try Matrix(shape: place.entry.shape, values: values, name: name)
        } catch let error as ModelLoadError {
            throw error
        } catch SafetensorsError.notFinite {
            throw .notFinite(name)
        } catch {
            throw .unreadable(name, reason: "\(error)")
        }
        return configuration.isStoredTransposed(name) ? Layers.transposed(matrix) : matrix
    }

    package func operand(named name: String) throws(ModelLoadError) -> QuantizedMatrix {
        if let own = quantised[name] { return try own.operand(named: name) }
        let matrix = try matrix(named: name)
        do throws(ExactMathError) {
            return try QuantizedMatrix(matrix)
        } catch {
            throw .notFinite(name)
        }
    }

    /// The name under which the computation asks for an entry; GPT-2's first files lack the prefix
    /// `transformer.`.
    private static func canonicalName(
        of entry: SafetensorsFile.Entry,
        _ configuration: ModelConfiguration,
        _ known: Set<String>
    ) -> String? {
        let name = entry.name.text
        if known.contains(name) { return name }
        let prefixed = "transformer." + name
        return configuration.family == .gpt2 && known.contains(prefixed) ? prefixed : nil
    }

    /// Tensors that older files hold and that the configuration already says: causal masks,
    /// rotary frequencies, and a head that is the embedding.
    private static func isDerived(
        _ entry: SafetensorsFile.Entry,
        _ configuration: ModelConfiguration
    ) -> Bool {
        let name = entry.name.text
        if configuration.tiedEmbeddings, name == DecoderTensorNames.head { return true }
        switch configuration.family {
        case .gpt2: return name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias")
        default: return name.hasSuffix(".self_attn.rotary_emb.inv_freq")
        }
    }

    private static func checkTiedHead(
        _ files: [SafetensorsFile],
        _ embedding: (file: Int, entry: SafetensorsFile.Entry)?
    ) throws(ModelFileError) {
        for file in files {
            guard let head = file.entry(named: TensorName(DecoderTensorNames.head)) else {
                continue
            }
            guard let embedding, embedding.entry.type == head.type,
                files[embedding.file].bytes(of: embedding.entry) == file.bytes(of: head)
            else { throw .unexpectedTensor(head.name) }
        }
    }
}

/// `model.safetensors.index.json`: which shard holds which tensor.
package struct ShardIndex: Sendable, Equatable {
    package static let byteLimit = 1 << 22
    package static let shardLimit = 256

    /// The shards' file names, sorted.
    package let files: [String]
    private let places: [TensorName: String]

    /// `{"metadata": …, "weight_map": {tensor: file}}`; a file name is one path component.
    package init(json bytes: [UInt8]) throws(ModelFileError) {
        let root: JSON
        do {
            root = try JSON.parse(bytes, byteLimit: Self.byteLimit)
        } catch {
            throw .invalidJSON(error)
        }
        guard let map = root["weight_map"]?.object, map.count > 0 else {
            throw .invalidKey("weight_map")
        }
        var places: [TensorName: String] = [:]
        for member in map.members {
            guard let file = member.value.string, file.hasSuffix(".safetensors"),
                file.utf8.count <= 255, !file.hasPrefix("."),
                file.utf8.allSatisfy({ (0x21..<0x7f).contains($0) && $0 != UInt8(ascii: "/") })
            else { throw .invalidKey("weight_map.\(member.key)") }
            places[TensorName(member.key)] = file
        }
        let files = Set(places.values).sorted()
        guard files.count <= Self.shardLimit else { throw .invalidKey("weight_map") }
        self.places = places
        self.files = files
    }

    /// Throws unless each file holds exactly the tensors that the index gives it.
    package func check(_ shards: [(name: String, file: SafetensorsFile)]) throws(ModelFileError) {
        var found = 0
        for shard in shards {
            for entry in shard.file.entries {
                guard places[entry.name] == shard.name else { throw .misplacedTensor(entry.name) }
                found += 1
            }
        }
        guard found == places.count else { throw .invalidKey("weight_map") }
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
