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
    @Option(help: "Any text; the adapter's bits derive from it.") var seed = "1"
    @Option(help: "The matrices to adapt, separated by commas; fits the model's size unless told.")
    var targets: String?
    @Option(help: "Rank of the adapter.") var rank = 8
    @Option(help: "Optimizer steps; three epochs unless told.") var steps: Int?
    @Option(help: "Records a step.") var batch = 8
    @Option(help: "The learning rate; fits the model's size unless told.")
    var learningRate: Float?
    @Option(help: "Columns that long gradients are projected to in the index; 0 keeps them whole.")
    var columns: Int?
    @Option(help: "A JSONL file, or a folder of them, of records that are not trained on.")
    var heldOut: String?
    @Option(help: "How many training records of highest loss to name; 0 leaves that pass out.")
    var suspects = 10
    @Flag(help: "Leave the influence index out: the adapter can be reproduced, but earns nothing.")
    var noIndex = false
    @Option(help: "Threads of a matrix product; more than idle cores make it slower, not other.")
    var threads = 1
    @Option(help: "Falsify this unit of the training trace: a drill for a network's verifiers.")
    var forgeUnit: Int?
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
        let base = try ModelFiles.load(path)
        let (records, provenance) = try await source(base, path)
        let input = FactoryInput(
            base: base,
            baseName: URL(filePath: path).lastPathComponent,
            records: records,
            recipe: try recipe(records.count, base),
            heldOut: try heldOut.map(DataFiles.records) ?? [],
            suspects: suspects,
            makesIndex: !noIndex
        )
        let bar = ProgressBar()
        var result: FactoryResult
        do {
            result = try input.run { progress in
                bar.show(progress)
                return true
            }
            bar.finish()
            if let forgeUnit { result = try result.forgingTrace(unit: forgeUnit) }
            try result.write(to: URL(filePath: folder), input: input, provenance: provenance)
        } catch {
            bar.finish()
            throw CommandFailure(.failed, error.description)
        }
        output.show(summary(result, input))
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

    private func recipe(_ records: Int, _ base: ModelBundle) throws -> AdapterRecipe {
        let layers = try targets?.split(separator: ",").map { name in
            guard let layer = LinearLayer(targetName: String(name)) else {
                throw CommandFailure(.badInput, "\(name) is no matrix of a layer")
            }
            return layer
        }
        let recipe = RecipeDefaults.recipe(
            records: records,
            model: base.configuration,
            seed: taggedHash(HashTag("openledger/recipe-seed/v1"), Array(seed.utf8)),
            rank: rank,
            targets: layers,
            learningRate: learningRate,
            steps: steps,
            batchSize: batch,
            // Whole gradients of a small model take less room than projected ones of a large one.
            projectionColumns: columns ?? (base.configuration.hiddenSize <= 256 ? 0 : 512)
        )
        guard let recipe else {
            throw CommandFailure(
                .badInput,
                "the recipe is out of range: rank 1 to 256, steps and batch at least 1, "
                    + "learning rate above 0"
            )
        }
        return recipe
    }

    private func summary(_ result: FactoryResult, _ input: FactoryInput) -> JSON {
        let steps = result.log
        let seconds = steps.last?.elapsed ?? 0
        func real(_ value: Double?) -> JSON {
            value.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null
        }
        return [
            "folder": .string(folder),
            "records": .integer(input.records.count),
            "steps": .integer(steps.count),
            "units": .integer(result.trace.snapshots.count),
            "firstLoss": real(steps.first?.loss),
            "lastLoss": real(steps.last?.smoothedLoss),
            "tokensPerSecond": real(steps.last?.tokensPerSecond),
            "seconds": real(seconds),
            "heldOutRecords": .integer(result.report.heldOutRecords),
            "heldOutBefore": real(result.report.heldOutBefore),
            "heldOutAfter": real(result.report.heldOutAfter),
            "canonicalRoot": .string("\(result.canonicalRoot)"),
            "forgedUnit": forgeUnit.map { .integer($0) } ?? .null,
            "suspects": .array(
                result.report.suspects.map {
                    [
                        "record": .integer($0.record), "loss": real($0.loss),
                        "prompt": .string($0.prompt),
                    ]
                }
            ),
        ]
    }
}
