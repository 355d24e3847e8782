import Foundation
import Simulator

/// How a calm network grows: 4 to 32 validators that are 50 ms apart.
enum Growth {
    private static let sizes = [4, 7, 10, 13, 16, 20, 24, 28, 32]
    private static let seeds: ClosedRange<UInt64> = 1...3

    /// One line of JSON a size. Finality is virtual; the processor's time is this machine's, on one
    /// thread, for everything that one node does about one block.
    static func run() throws {
        for size in sizes {
            var plan = FaultPlan.calm
            plan.validators = size
            plan.delayMilliseconds = 45...55
            var finality: [UInt64] = []
            var (messages, blocks, seconds) = (0, 0, 0.0)
            for seed in seeds {
                var simulation = try Simulation(seed: seed, plan: plan)
                let begin = Date()
                let report = simulation.run()
                seconds += Date().timeIntervalSince(begin)
                finality += report.finality
                messages += report.counts.messages
                blocks += Int(report.heights.max() ?? 0)
            }
            finality.sort()
            guard !finality.isEmpty, blocks > 0 else { continue }
            let work = seconds * 1_000 / Double(blocks * size)
            print(
                "{\"validators\": \(size), \"finality_ms_median\": \(finality[finality.count / 2]), "
                    + "\"finality_ms_max\": \(finality[finality.count - 1]), "
                    + "\"messages_a_block\": \(messages / blocks), "
                    + "\"cpu_ms_a_block_and_node\": \(String(format: "%.2f", work))}"
            )
        }
    }
}
