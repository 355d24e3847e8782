import Foundation
import Primitives
import Simulator

/// What all seeds together did.
struct Tally {
    private(set) var broken = 0
    private var runs = 0
    private var counts = SimulationCounts()
    private var blocks: UInt64 = 0
    private var forks = 0
    private var decidedLate = 0

    mutating func add(_ other: Tally) {
        broken += other.broken
        runs += other.runs
        counts = counts.adding(other.counts)
        blocks += other.blocks
        forks += other.forks
        decidedLate += other.decidedLate
    }

    /// Simulates a seed twice. Returns the line to print.
    mutating func simulate(_ seed: UInt64) -> [String] {
        runs += 1
        do {
            var first = try Simulation(seed: seed)
            var second = try Simulation(seed: seed)
            let report = first.run()
            counts = counts.adding(report.counts)
            blocks += report.heights.max() ?? 0
            let repeats = second.run() == report
            if !repeats || !report.violations.isEmpty { broken += 1 }
            return [Self.line(report, repeats: repeats)]
        } catch {
            broken += 1
            return ["seed \(seed)  FAILED  \(error)"]
        }
    }

    /// Runs a seed with one and with two of four validators faulty. Returns what broke.
    mutating func twins(_ seed: UInt64) -> [String] {
        var lines: [String] = []
        for faulty in 1...2 {
            runs += 1
            do {
                var scenario = try TwinsScenario(seed: seed, faulty: faulty)
                let report = scenario.run()
                if report.isFork { forks += 1 }
                if report.lastRound > 0 { decidedLate += 1 }
                guard !report.violations.isEmpty else { continue }
                let what = report.violations.joined(separator: "; ")
                lines.append(
                    "seed \(seed)  \(faulty) faulty  BROKEN: \(what)  replay: make twins SEEDS=\(seed)"
                )
            } catch {
                lines.append("seed \(seed)  FAILED  \(error)")
            }
            broken += 1
        }
        return lines
    }

    private static func line(_ report: SimulationReport, repeats: Bool) -> String {
        var verdict = "ok"
        if !repeats { verdict = "DIFFERS" }
        if !report.violations.isEmpty {
            verdict = "BROKEN: " + report.violations.joined(separator: "; ")
        }
        let trace = report.trace.bytes.prefix(8).map { String(format: "%02x", $0) }.joined()
        return "seed \(report.seed)  \(verdict)  nodes \(report.heights.count)  "
            + "height \(report.heights.max() ?? 0)  crashes \(report.counts.crashes)  "
            + "trace \(trace)  replay: make sim SEEDS=\(report.seed)"
    }

    func text(seconds: Double) -> String {
        let rate = Int(Double(runs) * 600 / max(seconds, 0.001))
        let time = String(format: "%.1f", seconds)
        var text = "\(runs) runs in \(time) s (\(rate) in 10 minutes): \(broken) broken"
        if blocks > 0 {
            text += """
                \n\(blocks) heights, \(counts.messages) messages, \(counts.crashes) crashes, \
                \(counts.refusedWrites) refused writes, \(counts.flips) flipped bits, \
                \(counts.evidence) proofs of faults in blocks, \(counts.setChanges) new sets, \
                \(counts.keyChanges) new keys, \(counts.jails) terms in jail, \(counts.stops) stops \
                before an unknown version (of all nodes); each seed ran twice
                """
        } else {
            text += "\n\(forks) forks, \(decidedLate) beyond the first round"
        }
        return text
    }
}
