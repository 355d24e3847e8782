import Commitments
import Factory
import Foundation
import JSON
import Jobs
import LanguageModel
import Primitives
import Testing

@Suite("Factory runs") struct FactoryRunTests {
    /// A fixture of the model's tests.
    static func bytes(_ name: String) throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = tests.appending(path: "LanguageModelTests/Fixtures/\(name)")
        return [UInt8](try Data(contentsOf: file))
    }

    static func bundle() throws -> ModelBundle { try ModelBundle(gguf: bytes("tiny.gguf")) }

    static func record(_ prompt: String, _ completion: String) -> DataRecord {
        DataRecord(prompt: Array(prompt.utf8), completion: Array(completion.utf8))
    }

    static func input(_ records: [DataRecord]? = nil) throws -> FactoryInput {
        let bundle = try bundle()
        var options = RecipeOptions()
        options.rank = 2
        options.steps = 6
        options.batchSize = 2
        let recipe = try options.recipe(
            records: 4,
            model: bundle.configuration,
            seed: .zero
        )
        return FactoryInput(
            base: bundle,
            baseName: "tiny \"one\"",
            records: records ?? [
                record("quick ", "brown fox"), record("river ", "stone"),
                record("the ", "lazy dogs"), record("", "bridge"),
            ],
            recipe: recipe,
            heldOut: [record("quick ", "brown fox jumps")],
            suspects: 2
        )
    }

    @Test("a run leaves an adapter, a trace and an index that the validators' jobs reproduce")
    func reproduced() throws {
        let input = try Self.input()
        let result = try input.run()
        let tokens = RecordTokens(
            tokenizer: input.base.tokenizer,
            configuration: input.base.configuration
        )
        let records = input.records.map { tokens.record($0) }
        let adapter = try result.files.adapter(for: input.base.configuration)
        #expect(adapter == result.adapter)
        let training = try TrainingJob(
            model: input.base.model,
            recipe: input.recipe,
            records: records,
            snapshots: result.trace.snapshots,
            committed: adapter
        )
        #expect(outputRoot(of: try training.runAll().map(\.output)) == result.trace.root)
        let index = try IndexJob(
            model: input.base.model,
            adapter: adapter,
            recipe: input.recipe,
            records: records
        )
        #expect(outputRoot(of: try index.runAll().map(\.output)) == result.index.root)
        #expect(result.log.count == 6)
        #expect(result.log.last?.fraction == 1)
        #expect(result.report.heldOutBefore != result.report.heldOutAfter)
        #expect(result.report.suspects.count == 2)
        #expect(result.report.suspects[0].loss >= result.report.suspects[1].loss)
    }

    @Test("the folder is a PEFT adapter with its commitment, and is never written over")
    func folder() throws {
        let input = try Self.input()
        let result = try input.run()
        let parent = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: parent) }
        let folder = parent.appending(path: "adapter")
        let provenance = AdapterProvenance(name: "first", licence: "cc0-1.0", datanet: "0x01")
        try result.write(to: folder, input: input, provenance: provenance)
        #expect(try AdapterFolder.read(folder) == result.files)
        let commitment = try JSON.parse(
            [UInt8](Data(contentsOf: folder.appending(path: AdapterFolder.commitment)))
        )
        #expect(commitment["canonical_root"]?.string == "\(result.canonicalRoot)")
        #expect(commitment["trace"]?["units"] == .integer(result.trace.snapshots.count))
        let trace = try Data(contentsOf: folder.appending(path: AdapterFolder.trace))
        #expect(
            commitment["trace"]?["artifact"]?.string == "\(artifactID(of: [UInt8](trace)))"
        )
        let log = try String(
            contentsOf: folder.appending(path: AdapterFolder.log),
            encoding: .utf8
        )
        #expect(log.split(separator: "\n").count == 6)
        let card = try String(
            contentsOf: folder.appending(path: AdapterFolder.card),
            encoding: .utf8
        )
        #expect(card.contains("base_model: \"tiny \\\"one\\\"\""))
        #expect(throws: FactoryError.outputExists(path: folder.path)) {
            try result.write(to: folder, input: input, provenance: provenance)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: parent.path)
        #expect(left == ["adapter"])
    }

    @Test("a run stops when the report says so")
    func stopped() throws {
        let input = try Self.input()
        #expect(throws: FactoryError.stopped) {
            _ = try input.run { $0.phase != .training || $0.done < 3 }
        }
    }

    @Test("records without an answer within the token limit are an error before any work")
    func unusable() throws {
        let long = String(repeating: "x1 ", count: 200)
        let input = try Self.input([Self.record(long, "y")])
        #expect(throws: FactoryError.noUsableRecords(records: 1)) { _ = try input.run() }
    }

    @Test("a split is the same for a record wherever it stands")
    func split() {
        let records = (0..<400).map { Self.record("\($0)", "x") }
        let split = DatasetSplit(records, heldOutPerMille: 100)
        let reversed = DatasetSplit(records.reversed(), heldOutPerMille: 100)
        #expect(split.training.count + split.heldOut.count == 400)
        #expect((20...60).contains(split.heldOut.count))
        #expect(Set(split.heldOut) == Set(reversed.heldOut))
        #expect(DatasetSplit(records, heldOutPerMille: 0).heldOut.isEmpty)
        #expect(DatasetSplit(records, heldOutPerMille: 1000).training.isEmpty)
    }
}
