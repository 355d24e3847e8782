import ArgumentParser
import Foundation
import JSON
import LanguageModel
import Ledger
import Primitives

/// Base models.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Register base models, look at them, and run them on this machine.",
        subcommands: [
            ModelRegister.self, ObjectShow<ModelKind>.self, ModelInspect.self, ModelTokenize.self,
            ModelLogits.self, ModelGenerate.self, ModelPerplexity.self, ModelQuantize.self,
        ]
    )
}

struct ModelRegister: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Name a base model by its exact bytes, and give its files to the network."
    )
    @Argument(help: "A GGUF file or a Hugging Face folder.") var path: String
    @Option(help: "A name, at most 64 bytes.") var name: String
    @Option(help: "The model's licence.") var licence = "Apache-2.0"
    @Option(help: "The owner's part of every fee, in thousandths.") var feeShare: UInt16 = 50
    @OptionGroup var options: SendingOptions

    func run() async throws {
        let (source, bundle) = try ModelFiles.read(path)
        let files = try ModelFiles.artifacts(source, at: path)
        let sender = try await options.sender()
        let weights = try await sender.client.store(files.weights)
        let body = RegisterModel(
            name: Array(name.utf8),
            licence: Array(licence.utf8),
            weightsRoot: bundle.weightsRoot,
            weightsArtifact: weights,
            configArtifact: try await sender.client.store(files.configuration),
            tokenizerArtifact: try await sender.client.store(files.tokenizer),
            feeSharePerMille: feeShare
        )
        let sent = try await sender.send(.registerModel(body))
        options.show(
            sent,
            [
                .init(key: "model", value: .string("\(sent.id)")),
                .init(key: "weightsRoot", value: .string("\(bundle.weightsRoot)")),
            ]
        )
    }
}
