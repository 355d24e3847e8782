import Commitments
import Jobs
import Primitives
import TestSupport
import Testing

@Suite("Screening") struct ScreeningJobTests {
    static let baker = Address.zero
    static let copier = Address([UInt8](repeating: 9, count: 20)) ?? .zero

    static func record(_ prompt: String, _ completion: String) -> DataRecord {
        DataRecord(prompt: Array(prompt.utf8), completion: Array(completion.utf8))
    }

    static let first = record(
        "How long should a wheat dough rest before it is shaped?",
        "Rest it for about an hour, covered, until it has grown by half and a finger leaves a dent."
    )
    static let second = record(
        "Why does steam matter in the first minutes of baking?",
        "Steam keeps the crust soft, so the loaf can still rise before its surface sets hard."
    )

    func table(_ contributions: [(Address, [DataRecord])]) throws -> [SnapshotLeaf] {
        let revealed = contributions.enumerated().map {
            RevealedContribution(
                index: UInt32($0.offset),
                contributor: $0.element.0,
                records: $0.element.1
            )
        }
        return try ScreeningJob(revealed).table
    }

    @Test("different honest records are accepted, each as its own cluster")
    func honest() throws {
        let leaves = try table([(Self.baker, [Self.first, Self.second])])
        #expect(leaves.map(\.flags) == [[], []])
        #expect(leaves.map(\.cluster) == [0, 1])
    }

    @Test("a copy with changed case, punctuation and a word joins the earliest record's cluster")
    func noisyCopy() throws {
        let copy = Self.record(
            "how long should a wheat dough rest, before it is shaped",
            "REST it for about an hour; covered, until it has risen by half and a finger leaves a dent!"
        )
        let leaves = try table([(Self.baker, [Self.second, Self.first]), (Self.copier, [copy])])
        #expect(leaves[2].flags == .nearDuplicate)
        #expect(leaves[2].cluster == 1)
        #expect(leaves[2].isAccepted)
    }

    @Test("the same bytes again are an exact duplicate, whoever sends them")
    func exactCopy() throws {
        let leaves = try table([(Self.baker, [Self.first]), (Self.copier, [Self.first])])
        #expect(leaves[1].flags == .exactDuplicate)
        #expect(!leaves[1].isAccepted)
    }

    @Test("a flood of copies cannot hide itself behind its own windows")
    func flood() throws {
        let copies = (0..<600).map { number in
            Self.record(
                "How long should a wheat dough rest before it is shaped?",
                "Rest it for about an hour, covered, until it has grown by half and a finger leaves \(number)."
            )
        }
        let leaves = try table([(Self.baker, [Self.first]), (Self.copier, copies)])
        #expect(leaves.allSatisfy { $0.cluster == 0 })
    }

    @Test("short, long, repetitive and non-text records are flagged and refused")
    func flagged() throws {
        let long = String(repeating: "every word here differs from the one before it ", count: 200)
        let records = [
            Self.record("Why?", "Because."),
            Self.record("A question of some length", long),
            Self.record("Say it", String(repeating: "spam ham ", count: 40)),
            Self.record("A bell rings in this text", "now \u{7} and again"),
            DataRecord(prompt: Array("four words are here".utf8), completion: [0xff, 0xfe]),
        ]
        let flags = try table([(Self.baker, records)]).map(\.flags)
        #expect(flags[0] == .tooShort)
        #expect(flags[1].contains(.tooLong))
        #expect(flags[2] == .lowQuality)
        #expect(flags[3] == .invalidText)
        #expect(flags[4] == .invalidText)
    }

    @Test("a unit's output is its leaf, and its trace depends on the text")
    func units() throws {
        let job = try ScreeningJob([
            RevealedContribution(
                index: 0,
                contributor: Self.baker,
                records: [Self.first, Self.second]
            )
        ])
        let results = try job.runAll()
        #expect(results.map(\.output) == job.table.map(\.digest))
        #expect(results[0].trace != results[1].trace)
        #expect(job.outputRoot == outputRoot(of: results.map(\.output)))
        #expect(throws: JobFailure.unitOutOfRange(unit: 2, count: 2)) { try job.rerun(2) }
    }

    @Test("a contribution whose artifact is not what was revealed is flagged row by row")
    func brokenContribution() throws {
        let list = CommittedList([Self.first, Self.second])
        let honest = RevealedContribution(
            index: 0,
            contributor: Self.baker,
            artifact: list.borshBytes,
            root: list.root,
            recordCount: 2
        )
        let broken = RevealedContribution(
            index: 1,
            contributor: Self.copier,
            artifact: list.borshBytes,
            root: .zero,
            recordCount: 3
        )
        let leaves = try ScreeningJob([honest, broken]).table
        #expect(leaves.prefix(2).allSatisfy { $0.isAccepted })
        #expect(leaves.dropFirst(2).map(\.flags) == [.invalidText, .invalidText, .invalidText])
    }
}
