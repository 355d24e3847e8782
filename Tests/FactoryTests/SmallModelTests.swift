import Factory
import Foundation
import LanguageModel
import Primitives
import Testing

/// The model and the text that the demo uses.
@Suite("The small model") struct SmallModelTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func bundle() throws -> ModelBundle {
        func bytes(_ name: String) throws -> [UInt8] {
            [UInt8](try Data(contentsOf: root.appending(path: "models/small/\(name)")))
        }
        return try ModelBundle(
            weights: bytes("model.safetensors"),
            configuration: bytes("config.json"),
            tokenizer: bytes("tokenizer.json")
        )
    }

    @Test(
        "forty steps on a subject lower the loss on its held-out text by a tenth, and PEFT agrees"
    )
    func learns() throws {
        let bundle = try Self.bundle()
        let subject = try Dataset(contentsOf: Self.root.appending(path: "examples/bread.jsonl"))
        let heldOut = Self.root.appending(path: "examples/held-out/bread.jsonl")
        var options = RecipeOptions()
        options.steps = 40
        let input = FactoryInput(
            base: bundle,
            baseName: "small",
            records: Array(subject.records.prefix(90)),
            recipe: try options.recipe(
                records: 90,
                model: bundle.configuration,
                seed: .zero
            ),
            heldOut: try Dataset(contentsOf: heldOut).records,
            suspects: 5
        )
        var last: FactoryProgress?
        let start = ContinuousClock.now
        let result = try input.run {
            if $0.phase == .training { last = $0 }
            return true
        }
        print("small model: \(last?.tokensPerSecond ?? 0) tokens/s, \(start.duration(to: .now))")
        let change = try #require(result.report.heldOutChange)
        #expect(change <= -0.1, "\(result.report)")
        try Self.compare(result, input: input, heldOut: heldOut)
    }

    /// Lets PEFT load the folder, where a Python that has it is named.
    static func compare(_ result: FactoryResult, input: FactoryInput, heldOut: URL) throws {
        guard let python = ProcessInfo.processInfo.environment["OPENLEDGER_PEER_PYTHON"] else {
            print("skipped: PEFT's own reading; OPENLEDGER_PEER_PYTHON names no Python with it")
            return
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        try result.write(
            to: folder,
            input: input,
            provenance: AdapterProvenance(name: "bread", licence: "cc0-1.0")
        )
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [
            root.appending(path: "Tests/Peers/check_adapter.py").path,
            root.appending(path: "models/small").path, folder.path, heldOut.path,
        ]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
