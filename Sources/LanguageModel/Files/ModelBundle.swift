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

    /// A GGUF file holds everything; otherwise the weights are safetensors, and the other files
    /// are `config.json` and `tokenizer.json`.
    package init(
        weights: [UInt8],
        configuration: [UInt8],
        tokenizer: [UInt8]
    ) throws(Failure) {
        if weights.starts(with: Array("GGUF".utf8)) {
            try self.init(gguf: weights)
        } else {
            try self.init(safetensors: weights, configuration, tokenizer)
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
        safetensors bytes: [UInt8],
        _ configurationFile: [UInt8],
        _ tokenizerFile: [UInt8]
    ) throws(Failure) {
        let configuration: ModelConfiguration
        let source: SafetensorsModel
        do {
            configuration = try ModelConfiguration(huggingFace: configurationFile)
            source = try SafetensorsModel(
                SafetensorsFile(bytes),
                configuration: configuration
            )
        } catch let error as SafetensorsError {
            throw .file(.invalidWeights(error))
        } catch let error as ModelFileError {
            throw .file(error)
        } catch {
            throw .file(.invalidKey("\(error)"))
        }
        let tokenizer: Tokenizer
        do {
            tokenizer = try Tokenizer(json: tokenizerFile)
        } catch {
            throw .tokenizer(error)
        }
        try self.init(
            source,
            configuration,
            tokenizer,
            root: CanonicalRoot.weights(source.file)
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
