import Commitments
import Foundation
import JSON
import LanguageModel
import Ledger
import Primitives
import Verification

/// The chain as a node's RPC shows it, for putting work together. Artifacts are checked against
/// their ids, whoever the node is.
struct RemoteChain: ChainState, ArtifactSource {
    let client: NodeClient

    func value(_ key: [UInt8]) async throws -> [UInt8]? {
        let answer = try await client.call(
            "state_prove",
            ["key": .string("0x" + Hex.encode(key))]
        )
        guard let text = answer["value"]?.string else { return nil }
        guard let bytes = Hex.decode(text) else {
            throw CommandFailure(.unavailable, "the node's answer holds no hexadecimal value")
        }
        return bytes
    }

    func artifact(_ id: ArtifactID) async throws -> [UInt8] { try await client.artifact(id) }

    var assembly: ClaimAssembly {
        ClaimAssembly(state: self, source: self, models: ModelCache())
    }
}

extension ClaimDefect {
    /// One sentence for whoever asked for the work.
    var failure: CommandFailure {
        switch self {
        case .invalid(let reason): CommandFailure(.verificationFailed, reason)
        case .missing(let kind): CommandFailure(.notFound, "the chain has no such \(kind)")
        case .unavailable(let id): CommandFailure(.unavailable, "the artifact \(id) cannot be had")
        case .state(let reason): CommandFailure(.unavailable, reason)
        }
    }
}

/// A base model on this machine: a GGUF file, or a folder with `config.json`,
/// `model.safetensors` and `tokenizer.json`.
enum ModelFiles {
    static func load(_ path: String) throws -> ModelBundle {
        let files = try bytes(path)
        do {
            return try ModelBundle(
                weights: files.weights,
                configuration: files.configuration,
                tokenizer: files.tokenizer
            )
        } catch {
            throw CommandFailure(.badInput, "the model at \(path) cannot be read: \(error)")
        }
    }

    /// A GGUF file says everything itself: its configuration and tokenizer files are empty.
    static func bytes(
        _ path: String
    ) throws -> (weights: [UInt8], configuration: [UInt8], tokenizer: [UInt8]) {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure(.badInput, "there is no model at \(path)")
        }
        guard isFolder.boolValue else { return (try InputFile.read(path), [], []) }
        return (
            try InputFile.read(path + "/model.safetensors"),
            try InputFile.read(path + "/config.json"),
            try InputFile.read(path + "/tokenizer.json")
        )
    }
}
