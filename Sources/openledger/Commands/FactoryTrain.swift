import ArgumentParser
import Commitments
import Cryptography
import ExactMath
import Factory
import Foundation
import JSON
import Jobs
import LanguageModel
import Ledger
import Primitives
import Verification

/// Trains a LoRA adapter, on a snapshot's accepted records or on files of this machine, and writes a
/// PEFT folder with everything that a commitment takes.
struct FactoryTrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract:
            "Train a LoRA adapter on a snapshot or on files; leaves a PEFT folder with its proofs."
    )

    @Option(help: "The id of the snapshot to train on.") var snapshot: DigestArgument?
    @Option(help: "Instead of a snapshot: a JSONL file, or a folder of them. Asks no node.")
    var data: String?
    @Option(help: "The base model's id on the chain; with --data its file or folder.")
    var model: String
    @Option(help: "The base model here: a GGUF file or a Hugging Face folder.")
    var modelPath: String?
    @Option(name: .customLong("into"), help: "The folder to write; must not exist.")
    var folder: String
    @Option(help: "A JSONL file, or a folder of them, of records that are not trained on.")
    var heldOut: String?
    @Option(help: "How many training records of highest loss to name; 0 leaves that pass out.")
    var suspects = 10
    @Flag(help: "Leave the influence index out: the adapter can be reproduced, but earns nothing.")
    var noIndex = false
    @Flag(help: "Train once more over the base in four bits, and report both (QLoRA).")
    var compareQlora = false
    @Option(help: "Threads of a matrix product; more than idle cores make it slower, not other.")
    var threads = 1
    @Option(help: "Falsify this unit of the training trace: a drill for a network's verifiers.")
    var forgeUnit: Int?
    @OptionGroup(title: "Recipe") var flags: RecipeFlags
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (snapshot == nil) != (data == nil) else {
            throw ValidationError("give either --snapshot or --data")
        }
        if snapshot != nil {
            guard DigestArgument(argument: model) != nil else {
                throw ValidationError("--model is the base model's id where --snapshot is given")
            }
            guard modelPath != nil else { throw ValidationError("--model-path is missing") }
        }
    }

    func run() async throws {
        ExactRuntime.setThreads(threads)
        let path = modelPath ?? model
        let (files, base) = try ModelFiles.read(path)
        let (records, provenance) = try await source(base, path)
        let input = FactoryInput(
            base: base,
            baseName: URL(filePath: path).lastPathComponent,
            records: records,
            recipe: try flags.recipe(records: records.count, model: base.configuration),
            heldOut: try heldOut.map(DataFiles.records) ?? [],
            suspects: suspects,
            makesIndex: !noIndex
        )
        let kept = try UnfinishedRun.begin(for: folder, input, provenance)
        let ending = FactoryEnding(
            folder: folder,
            forgeUnit: forgeUnit,
            compared: compareQlora ? files : nil,
            output: output
        )
        try ending.run(input, keepingIn: kept)
    }

    /// The records to train on, and where they came from.
    private func source(
        _ base: ModelBundle,
        _ path: String
    ) async throws -> ([DataRecord], AdapterProvenance) {
        let name = URL(filePath: folder).lastPathComponent
        guard let snapshot, let id = DigestArgument(argument: model)?.digest else {
            return (
                try DataFiles.records(at: data ?? ""),
                AdapterProvenance(name: name, licence: "other")
            )
        }
        do {
            let assembly = RemoteChain(client: node.client).assembly
            let registered = try await assembly.object(Ledger.Model.self, StateKey.model(id))
            guard registered.terms.weightsRoot == base.weightsRoot else {
                throw CommandFailure(
                    .verificationFailed,
                    "\(path) is not the registered model: its weights have the root "
                        + "\(base.weightsRoot), not \(registered.terms.weightsRoot)"
                )
            }
            let frozen = try await assembly.object(
                Snapshot.self,
                StateKey.snapshot(snapshot.digest)
            )
            let accepted = try await assembly.acceptedRecords(of: frozen)
            let provenance = AdapterProvenance(
                name: name,
                licence: "other",
                model: "\(id)",
                datanet: "\(frozen.datanet)",
                snapshot: "\(snapshot.digest)"
            )
            return (accepted.map(\.record), provenance)
        } catch let defect as ClaimDefect {
            throw defect.failure
        }
    }
}
