import Factory
import Foundation
import JSON
import LanguageModel

/// The folder beside an adapter's in which a run keeps its states until it has ended, with what the
/// adapter's card says about where its records came from.
struct UnfinishedRun {
    private static let name = "from.json"

    let folder: RunFolder
    let provenance: AdapterProvenance

    /// Where the run of an adapter folder is kept.
    static func path(of adapter: String) -> String {
        var path = adapter
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path + ".run"
    }

    static func begin(
        for adapter: String,
        _ input: FactoryInput,
        _ provenance: AdapterProvenance
    ) throws -> UnfinishedRun {
        let path = path(of: adapter)
        guard !FileManager.default.fileExists(atPath: adapter) else {
            throw CommandFailure(.failed, FactoryError.outputExists(path: adapter).description)
        }
        guard !FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(
                .failed,
                "\(path) holds an unfinished run: go on with \"openledger factory resume "
                    + "\(adapter)\", or remove it"
            )
        }
        do {
            let folder = try RunFolder(creating: URL(filePath: path), for: input)
            try InputFile.write(card(provenance).compactBytes, to: path + "/" + name)
            return UnfinishedRun(folder: folder, provenance: provenance)
        } catch let error as FactoryError {
            throw CommandFailure(.failed, error.description)
        }
    }

    static func open(
        of adapter: String,
        base: ModelBundle
    ) throws -> (run: UnfinishedRun, input: FactoryInput) {
        let path = path(of: adapter)
        do {
            let (folder, input) = try RunFolder.open(URL(filePath: path), base: base)
            let card = try CommandFailure.wrap(.badInput) {
                try JSON.parse(try InputFile.read(path + "/" + name))
            }
            return (UnfinishedRun(folder: folder, provenance: provenance(card)), input)
        } catch let error as FactoryError {
            throw CommandFailure(.badInput, error.description)
        }
    }

    private static func card(_ provenance: AdapterProvenance) -> JSON {
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
        return [
            "name": .string(provenance.name), "licence": .string(provenance.licence),
            "model": text(provenance.model), "datanet": text(provenance.datanet),
            "snapshot": text(provenance.snapshot),
        ]
    }

    private static func provenance(_ card: JSON) -> AdapterProvenance {
        AdapterProvenance(
            name: card["name"]?.string ?? "adapter",
            licence: card["licence"]?.string ?? "other",
            model: card["model"]?.string,
            datanet: card["datanet"]?.string,
            snapshot: card["snapshot"]?.string
        )
    }
}
