import ArgumentParser
import Factory
import Foundation
import JSON
import Jobs
import LanguageModel
import Ledger
import Node
import Primitives
import RPC
import StateTree
import Verification
import Voting

/// Proves a copy of an adapter against a finalised header.
struct AdapterVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a PEFT folder against the chain, or offline against a saved proof."
    )
    @Argument(help: "The PEFT folder.") var folder: String
    @Option(help: "The adapter's id; asks a node.") var adapter: DigestArgument?
    @Option(help: "A proof that was saved before; asks nobody.") var proof: String?
    @Option(help: "Where to save the proof.") var saveProof: String?
    @Option(help: "The genesis document that you trust; the node's validators unless told.")
    var genesis: String?
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let proof = try await given()
        let trusted = try trustedSet(proof)
        do {
            try proof.state.verify(chain: trusted.chain, trusted: trusted.set)
        } catch {
            throw CommandFailure(.verificationFailed, "the proof does not hold: \(error)")
        }
        guard let value = proof.state.value, let record = try? Adapter(borsh: value) else {
            throw CommandFailure(.verificationFailed, "the proof shows no adapter")
        }
        guard proof.manifest.root == record.terms.canonicalRoot else {
            throw CommandFailure(
                .verificationFailed,
                "the proof's tensors do not have the adapter's canonical root"
            )
        }
        try check(proof.manifest)
        if let saveProof { try InputFile.write(Array(proof.json.prettyText.utf8), to: saveProof) }
        output.show([
            "standing": .string(record.standing.rawValue),
            "canonicalRoot": .string("\(record.terms.canonicalRoot)"),
            "height": .integer(proof.state.header.height.value),
            "block": .string("\(proof.state.header.hash)"),
            "tensors": .integer(proof.manifest.tensors.count),
        ])
    }

    private func check(_ manifest: AdapterManifest) throws {
        do {
            let files = try AdapterFolder.read(URL(filePath: folder))
            try manifest.check(configuration: files.configuration, weights: files.weights)
        } catch let mismatch as AdapterManifest.Mismatch {
            throw CommandFailure(
                .verificationFailed,
                "\(folder) is not the adapter: \(mismatch.description)"
            )
        } catch let error as FactoryError {
            throw CommandFailure(.badInput, error.description)
        }
    }

    private func given() async throws -> AdapterProof {
        if let proof {
            return try CommandFailure.wrap(.badInput) {
                try AdapterProof(json: try JSON.parse(try InputFile.read(proof)))
            }
        }
        guard let adapter else {
            throw CommandFailure(.badInput, "say which adapter with --adapter, or give a --proof")
        }
        do {
            return try await AdapterProof.fetch(adapter.digest, RemoteChain(client: node.client))
        } catch let defect as ClaimDefect {
            throw defect.failure
        }
    }

    private func trustedSet(_ proof: AdapterProof) throws -> (chain: ChainID, set: ValidatorSet) {
        guard let genesis else {
            guard self.proof == nil else {
                throw CommandFailure(
                    .badInput,
                    "an offline check needs the genesis document that you trust: --genesis FILE"
                )
            }
            return (proof.state.header.chain, proof.state.validators)
        }
        return try CommandFailure.wrap(.badInput) {
            let document = try GenesisFile.read(try InputFile.read(genesis))
            return (document.chain, try document.initialState().validators)
        }
    }
}

/// What proves an adapter offline.
struct AdapterProof {
    let state: CertifiedState
    let manifest: AdapterManifest

    init(state: CertifiedState, manifest: AdapterManifest) {
        self.state = state
        self.manifest = manifest
    }

    init(json: JSON) throws {
        func bytes(_ field: String) throws -> [UInt8] {
            guard let text = json[field]?.string, let bytes = Base64.decode(text) else {
                throw CommandFailure(.badInput, "the proof has no \(field) in base64")
            }
            return bytes
        }
        state = try CertifiedState(borsh: try bytes("state"))
        manifest = try AdapterManifest(borsh: try bytes("tensors"))
    }

    var json: JSON {
        [
            "chain": .string("\(state.header.chain)"),
            "height": .integer(state.header.height.value),
            "state": .string(Base64.encode(state.borshBytes)),
            "tensors": .string(Base64.encode(manifest.borshBytes)),
        ]
    }

    /// Asks a node for everything; nothing of it is believed here.
    static func fetch(_ id: Digest, _ chain: RemoteChain) async throws -> AdapterProof {
        let loaded = try await chain.assembly.adapter(id)
        return AdapterProof(
            state: try await chain.certified(StateKey.adapter(id)),
            manifest: AdapterManifest(loaded.weights, base: loaded.model.bundle.weightsRoot)
        )
    }
}

extension RemoteChain {
    /// A value with its proof, header, certificate and the header's validators.
    func certified(_ key: [UInt8]) async throws -> CertifiedState {
        let answer = try await client.call(
            "state_prove",
            ["key": .string("0x" + Hex.encode(key))]
        )
        func decode<Value: BorshDecodable>(_ field: String) throws -> Value {
            guard let text = answer[field]?.string, let bytes = Base64.decode(text),
                let value = try? Value(borsh: bytes)
            else { throw CommandFailure(.unavailable, "the node's proof has no good \(field)") }
            return value
        }
        let header: BlockHeader = try decode("header")
        let record = try await assembly.object(ChainRecord.self, StateKey.chain)
        let epoch = record.parameters.staking.epoch(of: header.height)
        return CertifiedState(
            key: key,
            value: answer["value"]?.string.flatMap { Hex.decode($0) },
            proof: try decode("proof"),
            header: header,
            certificate: try decode("certificate"),
            validators: try await assembly.object(
                ValidatorSet.self,
                StateKey.validatorSet(epoch: epoch)
            )
        )
    }
}
