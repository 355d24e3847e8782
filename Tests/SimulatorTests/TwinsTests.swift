import Simulator
import Testing

@Suite("Twins")
struct TwinsTests {
    @Test("with one of four faulty nothing forks, and all decide once messages arrive")
    func safe() throws {
        for seed in 0..<UInt64(1_000) {
            var scenario = try TwinsScenario(seed: seed, faulty: 1)
            let report = scenario.run()
            #expect(report.violations == [], "replay with seed \(seed)")
        }
    }

    @Test("with two of four faulty some scenarios fork, and each fork names both, nobody else")
    func forks() throws {
        var forks = 0
        for seed in 0..<UInt64(1_000) {
            var scenario = try TwinsScenario(seed: seed, faulty: 2)
            let report = scenario.run()
            #expect(report.violations == [], "replay with seed \(seed)")
            if report.isFork { forks += 1 }
        }
        #expect(forks > 10)
    }

    @Test("two that forget their locks fork too, never vote twice, and are named for amnesia")
    func amnesia() throws {
        var forks = 0
        for seed in 0..<UInt64(4_000) {
            var scenario = try TwinsScenario(seed: seed, faulty: 2, misconduct: .amnesiac)
            let report = scenario.run()
            #expect(report.violations == [], "replay with seed \(seed)")
            guard report.isFork else { continue }
            forks += 1
            #expect(report.amnesiacs >= 2, "seed \(seed)")
        }
        #expect(forks > 0)
    }
}
