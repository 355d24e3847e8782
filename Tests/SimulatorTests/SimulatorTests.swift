import Foundation
import Ledger
import Primitives
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

    @Test(
        "one that tells each peer one vote, and half of them another, is found out without a fork",
        arguments: UInt64(0)..<10
    )
    func twoFaced(seed: UInt64) throws {
        var plan = FaultPlan.calm
        plan.delayMilliseconds = 1...60
        plan.misconduct = .twoFaced
        var simulation = try Simulation(seed: seed, plan: plan)
        let report = simulation.run()
        #expect(report.violations == [])
        #expect(report.counts.evidence >= plan.validators)
    }

    @Test(
        "validators join, leave, change keys, go to jail and come back while much breaks",
        arguments: Seeds.range(2_000..<2_020)
    )
    func staking(seed: UInt64) throws {
        var plan = FaultPlan.calm
        plan.delayMilliseconds = 1...60
        plan.partitions = Recurrence(pause: 100...1_500, length: 300...1_500)
        plan.crashPerMille = 4
        plan.restartMilliseconds = 100...1_000
        plan.tearsTail = true
        plan.hasStaking = true
        var first = try Simulation(seed: seed, plan: plan)
        let report = first.run()
        #expect(report.violations == [], "replay with seed \(seed)")
        var second = try Simulation(seed: seed, plan: plan)
        #expect(second.run() == report, "two runs of seed \(seed) differ")
    }

    @Test("where stakes change, sets and keys change and some go to jail")
    func stakingHappens() throws {
        var total = SimulationCounts()
        for seed in UInt64(0)..<5 {
            var plan = FaultPlan.calm
            plan.partitions = Recurrence(pause: 500...1_500, length: 5_000...8_000)
            plan.hasStaking = true
            var simulation = try Simulation(seed: seed, plan: plan)
            total = total.adding(simulation.run().counts)
        }
        #expect(total.setChanges > 0)
        #expect(total.keyChanges > 0)
        #expect(total.jails > 0)
    }

    @Test("a node that does not know the next version stops before it, and the others go on")
    func upgrade() throws {
        var plan = FaultPlan.calm
        plan.hasStaking = true
        plan.hasUpgrade = true
        var simulation = try Simulation(seed: 1, plan: plan)
        let report = simulation.run()
        #expect(report.violations == [])
        #expect(report.counts.stops > 0)
        #expect(report.heights[1] > report.heights[0])
        let stopped = try ProtocolRecord.read(from: simulation.disk(of: 0))
        #expect(stopped.next?.height == Height(report.heights[0] + 1))
        let others = try ProtocolRecord.read(from: simulation.disk(of: 1))
        #expect(others == ProtocolRecord(current: 2))
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
