// A base model from the bytes of its files: what a trainer, a server and a validator load.

package import Primitives

/// A model that computes, its tokenizer, and the root under which its weights are registered.
package struct ModelBundle: Sendable {
    package enum Failure: Error, Equatable {
        case file(ModelFileError)
        case tokenizer(TokenizerError)
        case weights(ModelLoadError)
        /// The tokenizer has ids that the model's embedding does not.
        case vocabularyMismatch(tokenizer: Int, model: Int)
    }

    package let model: DecoderModel
    package let tokenizer: Tokenizer
    package let weightsRoot: Digest

    package var configuration: ModelConfiguration { model.configuration }

    /// The files of one model on a disk, by what reads them.
    package enum Files: Sendable {
        case gguf([UInt8])
        /// `config.json`, `tokenizer.json` and the safetensors files by name; with several of
        /// those, `model.safetensors.index.json`.
        case folder(
            configuration: [UInt8],
            tokenizer: [UInt8],
            weights: [(name: String, bytes: [UInt8])],
            index: [UInt8]?
        )
    }

    /// Reads the files of a Hugging Face folder: `config.json`, `tokenizer.json`, and either
    /// `model.safetensors` or the shards that `model.safetensors.index.json` names.
    /// - Parameter read: a file's bytes by its name in the folder, or nil if there is none.
    package static func folder<Problem: Error>(
        _ read: (String) throws(Problem) -> [UInt8]?
    ) throws -> Files {
        func need(_ name: String) throws -> [UInt8] {
            guard let bytes = try read(name) else { throw Failure.file(.missingFile(name)) }
            return bytes
        }
        let configuration = try need("config.json")
        let tokenizer = try need("tokenizer.json")
        var names = ["model.safetensors"]
        let index = try read("model.safetensors.index.json")
        do {
            if let index { names = try ShardIndex(json: index).files }
        } catch {
            throw Failure.file(error)
        }
        var weights: [(name: String, bytes: [UInt8])] = []
        for name in names { weights.append((name, try need(name))) }
        return .folder(
            configuration: configuration,
            tokenizer: tokenizer,
            weights: weights,
            index: index
        )
    }

    package init(_ files: Files) throws(Failure) {
        switch files {
        case .gguf(let bytes): try self.init(gguf: bytes)
        case .folder(let configuration, let tokenizer, let weights, let index):
            try self.init(safetensors: weights, index, configuration, tokenizer)
        }
    }

    /// A GGUF file holds everything; otherwise the weights are one safetensors file, and the other
    /// files are `config.json` and `tokenizer.json`.
    package init(
        weights: [UInt8],
        configuration: [UInt8],
        tokenizer: [UInt8]
    ) throws(Failure) {
        if weights.starts(with: Array("GGUF".utf8)) {
            try self.init(gguf: weights)
        } else {
            try self.init(
                safetensors: [("model.safetensors", weights)],
                nil,
                configuration,
                tokenizer
            )
        }
    }

    package init(gguf bytes: [UInt8]) throws(Failure) {
        let source: GGUFModel
        do {
            source = try GGUFModel(GGUFFile(bytes))
        } catch let error as GGUFError {
            throw .file(.invalidGGUF(error))
        } catch let error as ModelFileError {
            throw .file(error)
        } catch {
            throw .file(.invalidKey("\(error)"))
        }
        let tokenizer: Tokenizer
        do {
            tokenizer = try Tokenizer(gguf: source.file)
        } catch {
            throw .tokenizer(error)
        }
        try self.init(
            source,
            source.configuration,
            tokenizer,
            root: CanonicalRoot.weights(source.file)
        )
    }

    private init(
        safetensors weights: [(name: String, bytes: [UInt8])],
        _ index: [UInt8]?,
        _ configurationFile: [UInt8],
        _ tokenizerFile: [UInt8]
    ) throws(Failure) {
        let source: SafetensorsModel
        do {
            source = try SafetensorsModel(
                configuration: configurationFile,
                weights: weights,
                index: index
            )
        } catch {
            throw .file(error)
        }
        let tokenizer: Tokenizer
        do {
            tokenizer = try Tokenizer(json: tokenizerFile)
        } catch {
            throw .tokenizer(error)
        }
        try self.init(
            source,
            source.configuration,
            tokenizer,
            root: CanonicalRoot.weights(source.files)
        )
    }

    private init(
        _ source: some TensorSource,
        _ configuration: ModelConfiguration,
        _ tokenizer: Tokenizer,
        root: Digest
    ) throws(Failure) {
        guard tokenizer.vocabularyCount <= configuration.vocabulary else {
            throw .vocabularyMismatch(
                tokenizer: tokenizer.vocabularyCount,
                model: configuration.vocabulary
            )
        }
        do {
            model = DecoderModel(
                try ModelWeights(configuration: configuration, source: source)
            )
        } catch {
            throw .weights(error)
        }
        self.tokenizer = tokenizer
        weightsRoot = root
    }
}
