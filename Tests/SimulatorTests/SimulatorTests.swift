import Simulator
import Testing

/// Each failure names its seed; `Simulation(seed:hasTwin:)` with it replays the whole run.
@Suite("Simulator")
struct SimulatorTests {
    @Test("a calm network commits block after block")
    func calm() throws {
        var simulation = try Simulation(seed: 1, plan: .calm)
        let report = simulation.run()
        #expect(report.violations == [])
        #expect(report.heights.allSatisfy { $0 > 10 })
    }

    @Test(
        "under loss, delay, reordering, splits and crashes every promise holds, and the seed tells all",
        arguments: UInt64(0)..<200
    )
    func chaos(seed: UInt64) throws {
        var first = try Simulation(seed: seed)
        let report = first.run()
        print(report)
        #expect(report.violations == [], "replay with seed \(seed)")
        var second = try Simulation(seed: seed)
        #expect(second.run() == report, "two runs of seed \(seed) differ")
    }
}

@Suite("Simulator with a validator that runs twice")
struct TwinTests {
    @Test(
        "one key on two machines never makes two blocks, and the fault gets into a block",
        arguments: UInt64(0)..<20
    )
    func twins(seed: UInt64) throws {
        var simulation = try Simulation(seed: seed, hasTwin: true)
        let report = simulation.run()
        print("TWIN", report)
        #expect(report.violations == [], "replay with seed \(seed)")
    }
}
