import Commitments
import ExactMath
import Factory
import Foundation
import LanguageModel
import Primitives
import Testing

@Suite("Runs that go on") struct RunFolderTests {
    /// Twelve steps in units of five, with everything that a state can carry.
    static func input() throws -> FactoryInput {
        let plain = try FactoryRunTests.input()
        var options = RecipeOptions()
        options.rank = 2
        options.targets = [.query, .down]
        options.steps = 12
        options.batchSize = 1
        options.accumulation = 2
        options.dropout = 0.1
        options.heldOutPerMille = 250
        options.earlyStopping = EarlyStopping(interval: 3, patience: 9)
        options.segmentSteps = 5
        let recipe = try options.recipe(
            records: 4,
            model: plain.base.configuration,
            seed: .zero
        )
        return FactoryInput(
            base: plain.base,
            baseName: "tiny",
            records: plain.records,
            recipe: recipe,
            heldOut: plain.heldOut,
            suspects: 1
        )
    }

    static func withFolder(_ body: (URL) throws -> Void) throws {
        let parent = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: parent) }
        try body(parent.appending(path: "run"))
    }

    private func stopped(_ input: FactoryInput, after steps: Int, in folder: URL) throws {
        let run = try RunFolder(creating: folder, for: input)
        #expect(throws: FactoryError.stopped) {
            _ = try input.run(keepingIn: run, every: 2) {
                $0.phase != .training || $0.done < steps
            }
        }
    }

    private func resumed(
        _ folder: URL,
        _ input: FactoryInput,
        first: Int? = nil
    ) throws -> FactoryResult {
        let (run, stored) = try RunFolder.open(folder, base: input.base)
        #expect(stored.records == input.records && stored.recipe == input.recipe)
        #expect(stored.heldOut == input.heldOut && stored.suspects == input.suspects)
        var steps: [Int] = []
        let result = try stored.run(keepingIn: run, every: 2) {
            if $0.phase == .training { steps.append($0.done) }
            return true
        }
        if let first { #expect(steps.first == first) }
        return result
    }

    private func expectSame(_ result: FactoryResult, _ whole: FactoryResult) {
        #expect(result.trace == whole.trace)
        #expect(result.files == whole.files)
        #expect(result.index.root == whole.index.root)
        #expect(result.report == whole.report)
        #expect(result.log.map(\.loss) == whole.log.map(\.loss))
        #expect(result.log.map(\.done) == Array(1...12))
    }

    @Test("a run that was stopped anywhere ends with the bits of one that was not")
    func anywhere() throws {
        let input = try Self.input()
        let whole = try input.run()
        // Steps that are computed again: those after the last even step or unit.
        for (cut, next) in [(1, 1), (2, 3), (5, 6), (7, 7), (9, 9), (10, 11), (11, 11)] {
            try Self.withFolder { folder in
                try stopped(input, after: cut, in: folder)
                expectSame(try resumed(folder, input, first: next), whole)
            }
        }
    }

    @Test("two stops, other threads and activations computed again change nothing")
    func otherwise() throws {
        let input = try Self.input()
        let whole = try input.run()
        try Self.withFolder { folder in
            try stopped(input, after: 4, in: folder)
            let (run, stored) = try RunFolder.open(folder, base: input.base)
            #expect(throws: FactoryError.stopped) {
                _ = try stored.run(keepingIn: run) { $0.done < 8 }
            }
            let frugal = FactoryInput(
                base: stored.base,
                baseName: stored.baseName,
                records: stored.records,
                recipe: stored.recipe,
                heldOut: stored.heldOut,
                suspects: stored.suspects,
                activations: .recomputed
            )
            ExactRuntime.setThreads(2)
            defer { ExactRuntime.setThreads(1) }
            expectSame(try frugal.run(keepingIn: run), whole)
        }
    }

    @Test("a damaged state is named and not used; the run goes on from an earlier one")
    func damaged() throws {
        let input = try Self.input()
        let whole = try input.run()
        let damages: [(String, (Data) -> Data)] = [
            ("step-0000008.bin", { $0.dropLast(40) }),
            ("step-0000008.bin", { _ in Data() }),
            ("step-0000008.bin", { Data($0.map { $0 ^ 1 }) }),
            ("unit-0000000.bin", { $0.dropFirst() }),
        ]
        for (name, damage) in damages {
            try Self.withFolder { folder in
                try stopped(input, after: 9, in: folder)
                let file = folder.appending(path: name)
                try damage(Data(contentsOf: file)).write(to: file)
                let (run, _) = try RunFolder.open(folder, base: input.base)
                #expect(try run.progress(input.recipe.training).damaged == [name])
                expectSame(try resumed(folder, input), whole)
            }
        }
    }

    @Test("a state of another place, or what a killed process left of a file, is not used")
    func leftovers() throws {
        let input = try Self.input()
        let whole = try input.run()
        try Self.withFolder { folder in
            try stopped(input, after: 9, in: folder)
            let manager = FileManager.default
            func copy(_ from: String, _ to: String) throws {
                try manager.copyItem(
                    at: folder.appending(path: from),
                    to: folder.appending(path: to)
                )
            }
            try copy("step-0000006.bin", "step-0000009.bin")
            try copy("step-0000008.bin", ".step-0000009.bin.part")
            let log = folder.appending(path: "log.jsonl")
            var text = try String(contentsOf: log, encoding: .utf8)
            text += "{\"step\":10,\"loss\":1,\"tok"
            try Data(text.utf8).write(to: log)
            let (run, _) = try RunFolder.open(folder, base: input.base)
            let progress = try run.progress(input.recipe.training)
            #expect(progress.damaged == ["step-0000009.bin"] && progress.snapshots.count == 1)
            let left = try manager.contentsOfDirectory(atPath: folder.path)
            #expect(!left.contains("step-0000004.bin"), "states before a unit's end are removed")
            let result = try resumed(folder, input, first: 9)
            #expect(result.trace == whole.trace && result.files == whole.files)
            run.remove()
            #expect(!manager.fileExists(atPath: folder.path))
        }
    }

    @Test("no run, a damaged input, another model or a folder in use: one error each")
    func refusals() throws {
        let input = try Self.input()
        try Self.withFolder { folder in
            #expect(throws: FactoryError.noRun(path: folder.path)) {
                try RunFolder.open(folder, base: input.base)
            }
            try stopped(input, after: 1, in: folder)
            #expect(throws: FactoryError.outputExists(path: folder.path)) {
                try RunFolder(creating: folder, for: input)
            }
            let file = folder.appending(path: "input.bin")
            let bytes = try Data(contentsOf: file)
            for damaged in [bytes.dropLast(), Data(), Data(bytes.map { $0 ^ 1 })] {
                try damaged.write(to: file)
                #expect(throws: FactoryError.damagedRun(path: file.path)) {
                    try RunFolder.open(folder, base: input.base)
                }
            }
            try bytes.write(to: file)
            let other = try SmallModelTests.bundle()
            #expect(
                throws: FactoryError.otherModel(
                    expected: "\(input.base.weightsRoot)",
                    found: "\(other.weightsRoot)"
                )
            ) { try RunFolder.open(folder, base: other) }
        }
    }
}
