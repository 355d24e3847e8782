import Commitments
import Factory
import Foundation
import Jobs
import Primitives
import Testing

/// The demo rests on these properties of its own data.
@Suite("Example data") struct ExampleDataTests {
    static let subjects = ["bread", "sailing", "contracts"]
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "examples")

    static func dataset(_ name: String) throws -> Dataset {
        try Dataset(contentsOf: folder.appending(path: "\(name).jsonl"))
    }

    static func address(_ byte: UInt8) throws -> Address {
        try Address(borsh: [UInt8](repeating: byte, count: Address.byteCount))
    }

    /// The table of the three subjects and, last, the copier.
    static func table() throws -> [SnapshotLeaf] {
        let contributions = try (subjects + ["copier"]).enumerated().map { index, name in
            RevealedContribution(
                index: UInt32(index),
                contributor: try address(UInt8(index + 1)),
                records: try dataset(name).records
            )
        }
        return try ScreeningJob(contributions).table
    }

    @Test(
        "each subject is messy: blank rows, broken JSON, rows that are no object",
        arguments: subjects
    )
    func mess(subject: String) throws {
        let reasons = try Self.dataset(subject).skipped.map(\.reason)
        #expect(reasons.contains(.blank))
        let broken = reasons.contains { if case .invalidJSON = $0 { true } else { false } }
        let noObject = reasons.contains { if case .notAnObject = $0 { true } else { false } }
        #expect(broken && noObject)
    }

    @Test(
        "of each subject 80 records pass screening; nine of ten copies belong to the baker's clusters"
    )
    func acceptance() throws {
        let table = try Self.table()
        for index in 0..<3 {
            let leaves = table.filter { $0.contribution == UInt32(index) }
            #expect(leaves.filter(\.isAccepted).count >= 80)
            #expect(leaves.count { $0.flags.contains(.exactDuplicate) } == 2)
            #expect(leaves.count { $0.flags.contains(.nearDuplicate) } == 2)
            #expect(leaves.contains { $0.flags.contains(.tooShort) })
        }
        #expect(table.contains { $0.flags.contains(.tooLong) })
        let copies = table.filter { $0.contribution == 3 }
        let owned = copies.filter { table[Int($0.cluster)].contribution == 0 }
        #expect(copies.count == 48)
        #expect(owned.count * 10 >= copies.count * 9, "\(owned.count) of 48")
        #expect(owned.allSatisfy { !$0.flags.isDisjoint(with: [.nearDuplicate, .exactDuplicate]) })
    }

    @Test("held-out records and questions are not among the records that are trained on")
    func heldOut() throws {
        for subject in Self.subjects {
            let known = Set(try Self.dataset(subject).records.map(\.prompt))
            let held = try Self.dataset("held-out/\(subject)").records
            #expect(held.count >= 20)
            #expect(held.allSatisfy { !known.contains($0.prompt) })
        }
    }
}
