// Screening: which records of a Datanet may be trained on. A unit is a record.

package import Commitments
import Cryptography
package import Primitives

/// One revealed contribution, in the Datanet's order of commitment.
package struct RevealedContribution: Sendable {
    package let index: UInt32
    package let contributor: Address
    /// How many rows of the table the contribution has.
    package let recordCount: Int
    /// Nil when the artifact is not a list of that many records with the committed root: then every
    /// row is flagged, so that one broken contribution cannot stop a Datanet.
    package let records: [DataRecord]?

    package init(index: UInt32, contributor: Address, records: [DataRecord]) {
        self.index = index
        self.contributor = contributor
        self.records = records
        recordCount = records.count
    }

    /// A contribution from its artifact's bytes and what its reveal said.
    package init(
        index: UInt32,
        contributor: Address,
        artifact: [UInt8],
        root: Digest,
        recordCount: UInt32
    ) {
        self.index = index
        self.contributor = contributor
        self.recordCount = Int(recordCount)
        let list = try? CommittedList<DataRecord>(borsh: artifact)
        let isAsRevealed = list?.elements.count == Int(recordCount) && list?.root == root
        records = isAsRevealed ? list?.elements : nil
    }
}

/// The table of all records of a Datanet with clusters and flags. Every rule is an integer rule on
/// bytes; none asks a model, so that a contributor can predict it.
package struct ScreeningJob: VerifiableJob {
    /// Words that prompt and completion together must have.
    package static let minimumWords = 4
    /// Bytes that prompt and completion together may have; far above any honest example that a
    /// model of this size can use.
    package static let maximumBytes = 8_192
    /// Repetition is judged from this many words on.
    static let repetitionWords = 24
    private static let traceTag = HashTag("openledger/screening-trace/v1")

    package let table: [SnapshotLeaf]
    private let shingles: [Shingles]

    package init(_ contributions: [RevealedContribution]) throws(JobFailure) {
        let total = contributions.reduce(0) { $0 + $1.recordCount }
        guard total <= SnapshotLeaf.listLimit else {
            throw .malformedInput(
                field: "contributions",
                reason: "\(total) records are over the limit of \(SnapshotLeaf.listLimit)"
            )
        }
        let texts = contributions.flatMap { Self.texts(of: $0) }
        let words = texts.map { Shingles.words(of: $0) }
        shingles = words.map { Shingles(words: $0) }
        let clusters = NearDuplicates(shingles).clusters
        table = Self.leaves(contributions, texts: texts, words: words, clusters: clusters)
    }

    package var unitCount: Int { table.count }
    package var outputRoot: Digest { CommittedList(table).root }

    package func rerun(_ unit: Int) throws(JobFailure) -> UnitResult {
        try checkUnit(unit)
        var hasher = TaggedHasher(Self.traceTag)
        for value in shingles[unit].values {
            var writer = BorshWriter()
            writer.write(value)
            hasher.update(writer.bytes)
        }
        return UnitResult(output: table[unit].digest, trace: hasher.finalize())
    }

    private static func leaves(
        _ contributions: [RevealedContribution],
        texts: [[UInt8]],
        words: [[[UInt8]]],
        clusters: [Int]
    ) -> [SnapshotLeaf] {
        var table: [SnapshotLeaf] = []
        var seen: Set<Digest> = []
        for contribution in contributions {
            for row in 0..<contribution.recordCount {
                let index = table.count
                let hash = contribution.records?[row].hash ?? .zero
                var flags = flags(text: texts[index], words: words[index])
                if contribution.records == nil {
                    flags = .invalidText
                } else if !seen.insert(hash).inserted {
                    flags.insert(.exactDuplicate)
                } else if clusters[index] != index {
                    flags.insert(.nearDuplicate)
                }
                table.append(
                    SnapshotLeaf(
                        recordHash: hash,
                        contribution: contribution.index,
                        row: UInt32(row),
                        contributor: contribution.contributor,
                        cluster: UInt32(clusters[index]),
                        flags: flags
                    )
                )
            }
        }
        return table
    }

    private static func texts(of contribution: RevealedContribution) -> [[UInt8]] {
        contribution.records?.map { $0.prompt + [0x20] + $0.completion }
            ?? [[UInt8]](repeating: [], count: contribution.recordCount)
    }

    private static func flags(text: [UInt8], words: [[UInt8]]) -> ScreeningFlags {
        var flags: ScreeningFlags = []
        if words.count < minimumWords { flags.insert(.tooShort) }
        if text.count > maximumBytes { flags.insert(.tooLong) }
        if words.count >= repetitionWords, Set(words).count * 4 < words.count {
            flags.insert(.lowQuality)
        }
        if !isText(text) { flags.insert(.invalidText) }
        return flags
    }

    /// Valid UTF-8 without control characters other than tab, line feed and carriage return.
    private static func isText(_ bytes: [UInt8]) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        return bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f || [0x09, 0x0a, 0x0d].contains($0) }
    }
}
