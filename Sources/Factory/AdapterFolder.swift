// The folder that a run leaves: a standard PEFT adapter, and beside it, under `openledger`, what
// committing it to the chain takes. It appears whole or not at all.

import Attribution
import Commitments
import Cryptography
package import Foundation
package import JSON
package import Jobs
import LanguageModel
import Primitives

/// Where the records came from, for the card and the commitment.
package struct AdapterProvenance: Sendable, Equatable {
    package let name: String
    package let licence: String
    /// Ids on the chain; nil for a run that is not meant for it.
    package let model: String?
    package let datanet: String?
    package let snapshot: String?

    package init(
        name: String,
        licence: String,
        model: String? = nil,
        datanet: String? = nil,
        snapshot: String? = nil
    ) {
        self.name = name
        self.licence = licence
        self.model = model
        self.datanet = datanet
        self.snapshot = snapshot
    }
}

/// The names of the files of an adapter folder.
package enum AdapterFolder {
    package static let configuration = "adapter_config.json"
    package static let weights = "adapter_model.safetensors"
    package static let card = "README.md"
    package static let log = "trainer_log.jsonl"
    package static let state = "trainer_state.json"
    package static let evaluation = "evaluation.json"
    package static let data = "data_report.json"
    /// Borsh of `AdapterFiles`: the adapter's artifact.
    package static let artifact = "openledger/adapter.bin"
    /// Borsh of `TrainingTrace`.
    package static let trace = "openledger/trace.bin"
    /// The artifact of an `InfluenceIndex`.
    package static let index = "openledger/index.bin"
    /// Borsh of `AdapterRecipe`.
    package static let recipe = "openledger/recipe.bin"
    package static let commitment = "openledger/adapter-commit.json"

    /// Reads the adapter of a folder.
    package static func read(_ folder: URL) throws(FactoryError) -> AdapterFiles {
        func bytes(_ name: String, limit: Int) throws(FactoryError) -> [UInt8] {
            let file = folder.appending(path: name)
            guard let data = try? Data(contentsOf: file) else {
                throw .cannotRead(path: file.path)
            }
            guard data.count <= limit else { throw .tooLarge(path: file.path, limit: limit) }
            return [UInt8](data)
        }
        return AdapterFiles(
            configuration: try bytes(configuration, limit: AdapterFiles.configurationLimit),
            weights: try bytes(weights, limit: AdapterFiles.weightsLimit)
        )
    }
}

extension FactoryResult {
    /// Writes the folder beside its place and moves it there.
    package func write(
        to folder: URL,
        input: FactoryInput,
        provenance: AdapterProvenance
    ) throws(FactoryError) {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: folder.path) else {
            throw .outputExists(path: folder.path)
        }
        let draft = folder.deletingLastPathComponent().appending(
            path: ".\(folder.lastPathComponent).\(UUID().uuidString)"
        )
        do {
            try manager.createDirectory(
                at: draft.appending(path: "openledger"),
                withIntermediateDirectories: true
            )
            for (name, bytes) in contents(input: input, provenance: provenance) {
                try Data(bytes).write(to: draft.appending(path: name))
            }
            try manager.moveItem(at: draft, to: folder)
        } catch {
            try? manager.removeItem(at: draft)
            throw .cannotWrite(
                path: folder.path,
                reason: (error as NSError).localizedDescription
            )
        }
    }

    private func contents(
        input: FactoryInput,
        provenance: AdapterProvenance
    ) -> [(name: String, bytes: [UInt8])] {
        let card = AdapterCard(result: self, input: input, provenance: provenance)
        return [
            (AdapterFolder.configuration, files.configuration),
            (AdapterFolder.weights, files.weights),
            (AdapterFolder.card, Array(card.text.utf8)),
            (AdapterFolder.log, Array(TrainingLog.lines(log, input: input).utf8)),
            (AdapterFolder.state, Array(TrainingLog.state(log, input: input).utf8)),
            (
                AdapterFolder.evaluation,
                Array(report.json(cost: cost, comparison: comparison).prettyText.utf8)
            ),
            (AdapterFolder.data, Array(data.json.prettyText.utf8)),
            (AdapterFolder.artifact, files.borshBytes),
            (AdapterFolder.trace, trace.borshBytes),
            (AdapterFolder.index, index.artifact),
            (AdapterFolder.recipe, input.recipe.borshBytes),
            (
                AdapterFolder.commitment,
                Array(commitment(input: input, provenance: provenance).prettyText.utf8)
            ),
        ]
    }

    /// What `commitAdapter` takes from a run; the caller adds price and bond.
    package func commitment(input: FactoryInput, provenance: AdapterProvenance) -> JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        func work(_ root: Digest, _ units: Int, _ artifact: [UInt8]) -> JSON {
            [
                "root": .string("\(root)"), "units": .integer(units),
                "artifact": .string("\(artifactID(of: artifact))"),
            ]
        }
        return [
            "name": .string(provenance.name),
            "model": text(provenance.model),
            "datanet": text(provenance.datanet),
            "snapshot": text(provenance.snapshot),
            "base_root": .string("\(input.base.weightsRoot)"),
            "recipe": .string("0x" + Hex.encode(input.recipe.borshBytes)),
            "file_hash": .string("0x" + Hex.encode(SHA256.hash(files.weights))),
            "canonical_root": .string("\(canonicalRoot)"),
            "adapter_artifact": .string("\(artifactID(of: files.borshBytes))"),
            "trace": work(trace.root, trace.snapshots.count, trace.borshBytes),
            "index": work(index.root, index.rows.count, index.artifact),
        ]
    }
}
