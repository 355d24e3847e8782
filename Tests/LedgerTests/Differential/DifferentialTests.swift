import Foundation
import Ledger
import Primitives
import TestSupport
import Testing

/// Two ledgers, one of them naive, on the same random blocks. `OPENLEDGER_DIFFERENTIAL` says how
/// many transactions instead of the suite's few.
@Suite("Differential ledger") struct DifferentialTests {
    static let each = 5_000

    static var seeds: Range<UInt64> {
        let text = ProcessInfo.processInfo.environment["OPENLEDGER_DIFFERENTIAL"] ?? ""
        let wanted = max(1, (Int(text) ?? 2 * each) / each)
        return 0..<UInt64(wanted)
    }

    @Test(
        "every account, stake, claim and channel agrees with the naive ledger, block by block",
        arguments: seeds
    )
    func agrees(seed: UInt64) throws {
        var run = try DifferentialRun(seed: seed)
        while run.sent < Self.each {
            if let difference = try run.block() {
                Issue.record("seed \(seed), height \(run.world.height.value): \(difference)")
                return
            }
        }
        #expect(run.acceptedCount > Self.each / 4, "\(run.accepted)")
    }

    @Test("the naive division is the exact one")
    func division() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2_000 {
            let values = (0..<3).map { _ in
                (UInt128(generator.next()) << UInt128(generator.next() % 56)) >> 7
            }
            let expected = try? Amount(units: values[0]).scaled(by: values[1], over: values[2] + 1)
            #expect(NaiveLedger.part(values[0], values[1], values[2] + 1) == expected?.units)
        }
    }
}
