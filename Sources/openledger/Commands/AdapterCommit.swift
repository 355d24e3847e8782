import ArgumentParser
import Attribution
import Commitments
import Cryptography
import Factory
import Foundation
import JSON
import Jobs
import Ledger
import Primitives
import Verification

/// Commits a folder that `factory train` left.
struct AdapterCommit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract: "Commit a trained adapter: its file, tensors, training trace and influence index."
    )
    @Argument(help: "The folder that factory train left.") var folder: String
    @Option(help: "A name, at most 64 bytes.") var name: String
    @Option(help: "The price of a token in OPEN.") var price: AmountArgument
    @Option(help: "The bond in OPEN; the chain's minimum unless told.") var bond: AmountArgument?
    @OptionGroup var options: SendingOptions

    func run() async throws {
        let trained = try TrainedFolder(folder)
        let sender = try await options.sender()
        do {
            let assembly = RemoteChain(client: sender.client).assembly
            let chain = try await assembly.object(ChainRecord.self, StateKey.chain)
            let body = CommitAdapter(
                name: Array(name.utf8),
                model: trained.model,
                snapshot: trained.snapshot,
                recipe: trained.recipe,
                fileHash: Digest(SHA256.hash(trained.files.weights)) ?? .zero,
                canonicalRoot: trained.canonicalRoot,
                adapterArtifact: try await sender.client.store(trained.files.borshBytes),
                trace: CommittedWork(
                    root: trained.trace.root,
                    units: UInt32(trained.trace.snapshots.count),
                    artifact: try await sender.client.store(trained.trace.borshBytes)
                ),
                index: CommittedWork(
                    root: trained.index.root,
                    units: UInt32(trained.index.rows.count),
                    artifact: try await sender.client.store(trained.index.artifact)
                ),
                pricePerToken: price.amount,
                bond: bond?.amount ?? chain.parameters.claims.minimumAdapterBond
            )
            let sent = try await sender.send(.commitAdapter(body))
            options.show(
                sent,
                [
                    .init(key: "adapter", value: .string("\(sent.id)")),
                    .init(key: "fileHash", value: .string("\(body.fileHash)")),
                    .init(key: "canonicalRoot", value: .string("\(body.canonicalRoot)")),
                    .init(key: "traceRoot", value: .string("\(body.trace.root)")),
                    .init(key: "indexRoot", value: .string("\(body.index.root)")),
                ]
            )
        } catch let defect as ClaimDefect {
            throw defect.failure
        }
    }
}

/// The files of a trained folder, read and checked to be of one piece.
struct TrainedFolder {
    let model: Digest
    let snapshot: Digest
    let recipe: [UInt8]
    let canonicalRoot: Digest
    let files: AdapterFiles
    let trace: TrainingTrace
    let index: InfluenceIndex

    init(_ folder: String) throws {
        func bytes(_ name: String) throws -> [UInt8] { try InputFile.read(folder + "/" + name) }
        do {
            files = try AdapterFolder.read(URL(filePath: folder))
            recipe = try AdapterRecipe(borsh: bytes(AdapterFolder.recipe)).borshBytes
            trace = try TrainingTrace(borsh: bytes(AdapterFolder.trace))
            index = try InfluenceIndex(artifact: bytes(AdapterFolder.index))
            let said = try JSON.parse(bytes(AdapterFolder.commitment))
            model = try Self.digest(said, "model")
            snapshot = try Self.digest(said, "snapshot")
            canonicalRoot = try Self.digest(said, "canonical_root")
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.badInput, "\(folder) is no folder of a training run: \(error)")
        }
    }

    private static func digest(_ object: JSON, _ field: String) throws -> Digest {
        guard let text = object[field]?.string, let argument = DigestArgument(argument: text) else {
            throw CommandFailure(
                .badInput,
                "\(AdapterFolder.commitment) has no \(field): the run was not made for the chain"
            )
        }
        return argument.digest
    }
}
