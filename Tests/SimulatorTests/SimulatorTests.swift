import Foundation
import Simulator
import Testing

/// Which seeds the suite runs. `OPENLEDGER_SEEDS=FIRST-LAST` chooses others, to search longer or
/// to replay one.
private enum Seeds {
    static func range(_ usual: Range<UInt64>) -> Range<UInt64> {
        let text = ProcessInfo.processInfo.environment["OPENLEDGER_SEEDS"] ?? ""
        let ends = text.split(separator: "-").compactMap { UInt64($0) }
        guard let first = ends.first, let last = ends.last, first <= last else { return usual }
        return first..<last + 1
    }
}

/// Each failure names its seed; `OPENLEDGER_SEEDS` with it replays the whole run.
@Suite("Simulator")
struct SimulatorTests {
    @Test("a calm network commits block after block")
    func calm() throws {
        var simulation = try Simulation(seed: 1, plan: .calm)
        let report = simulation.run()
        #expect(report.violations == [])
        #expect(report.heights.allSatisfy { $0 > 8 })
    }

    @Test(
        "whatever breaks, every promise holds, and the seed tells all",
        arguments: Seeds.range(0..<100)
    )
    func chaos(seed: UInt64) throws {
        var first = try Simulation(seed: seed)
        let report = first.run()
        #expect(report.violations == [], "replay with seed \(seed)")
        var second = try Simulation(seed: seed)
        #expect(second.run() == report, "two runs of seed \(seed) differ")
    }

    @Test(
        "one key on two machines never makes two blocks, and honest nodes go on",
        arguments: Seeds.range(1_000..<1_040)
    )
    func twins(seed: UInt64) throws {
        var simulation = try Simulation(seed: seed, misconduct: .twin)
        let report = simulation.run()
        #expect(report.violations == [], "replay with seed \(seed)")
    }

    @Test("a validator that runs twice is found out: the proof gets into every node's chain")
    func evidence() throws {
        var plan = FaultPlan.calm
        plan.delayMilliseconds = 1...60
        plan.misconduct = .twin
        var simulation = try Simulation(seed: 0, plan: plan)
        let report = simulation.run()
        #expect(report.violations == [])
        #expect(report.counts.evidence >= plan.validators)
    }

    @Test("full disks stop nodes, flipped bits do not, and both happen")
    func disks() throws {
        var plan = FaultPlan.calm
        plan.fullDisks = Recurrence(pause: 100...300, length: 200...400)
        plan.flips = Recurrence(pause: 100...200, length: 100...100)
        plan.crashPerMille = 4
        var simulation = try Simulation(seed: 3, plan: plan)
        let report = simulation.run()
        #expect(report.violations == [])
        #expect(report.counts.refusedWrites > 0)
        #expect(report.counts.flips > 0)
    }
}
