import Commitments
import Foundation
import JSON
import LanguageModel
import Ledger
import Primitives
import Verification
import Workbench

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

/// A base model on this machine.
enum ModelFiles {
    static func load(_ path: String) throws -> ModelBundle {
        try read(path).bundle
    }

    /// The model with the files that it was read from.
    static func read(_ path: String) throws -> (files: ModelBundle.Files, bundle: ModelBundle) {
        try ToolFailure.translating {
            let files = try LocalModel.files(path)
            return (files, try LocalModel.bundle(of: files, at: path))
        }
    }

    /// The three artifacts of a registered model. A GGUF file says everything itself: the others
    /// are empty.
    static func artifacts(
        _ files: ModelBundle.Files,
        at path: String
    ) throws -> (weights: [UInt8], configuration: [UInt8], tokenizer: [UInt8]) {
        switch files {
        case .gguf(let bytes): return (bytes, [], [])
        case .folder(let configuration, let tokenizer, let weights, _):
            guard weights.count == 1, let only = weights.first else {
                throw CommandFailure(
                    .badInput,
                    "\(path) has its weights in \(weights.count) files; a registered model has one"
                )
            }
            return (only.bytes, configuration, tokenizer)
        }
    }
}
