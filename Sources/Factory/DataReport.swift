// What a dataset is made of, for the person who is about to train on it or has done so. Nothing here
// decides anything: screening and payment have rules of their own.

package import Commitments
package import Jobs
import LanguageModel

/// Smallest, middle and largest of a list of sizes.
package struct SizeSummary: Sendable, Equatable {
    package let total: Int
    package let least: Int
    package let median: Int
    /// Nine of ten are at most so large.
    package let ninetieth: Int
    package let most: Int

    /// Nil for an empty list. Ranks are rounded down.
    init?(_ sizes: [Int]) {
        let sorted = sizes.sorted()
        guard let least = sorted.first, let most = sorted.last else { return nil }
        total = sorted.reduce(0, +)
        self.least = least
        median = sorted[(sorted.count - 1) / 2]
        ninetieth = sorted[(sorted.count - 1) * 9 / 10]
        self.most = most
    }
}

package struct DataReport: Sendable {
    /// Records that are one: the place of the first, and those of the others.
    package struct Group: Sendable, Equatable {
        package let first: Int
        package let others: [Int]
    }

    /// A record that may be mislabelled.
    package struct Suspect: Sendable, Equatable {
        package let record: Int
        /// The mean loss of its completion's tokens under the trained adapter, in nats.
        package let loss: Double
        /// How many deviations the loss is above the middle: distance from the median over
        /// 1.4826 times the median distance.
        package let deviations: Double
        /// The gradient's own norm, where the caller knows it.
        package let selfInfluence: Double?
    }

    /// From this many deviations on a loss stands out (Iglewicz and Hoaglin 1993).
    package static let suspiciousDeviations = 3.5

    package let records: Int
    /// How often each reason left a row out, most frequent first.
    package let skipped: [(reason: String, count: Int)]
    package let promptBytes: SizeSummary?
    package let completionBytes: SizeSummary?
    /// Of whole examples, end token included; nil where the tokenizer is not known.
    package let tokens: SizeSummary?
    /// Records with more tokens than the recipe takes, or with no token to learn.
    package let cutOff: Int
    package let withoutPrompt: Int
    package let duplicates: [Group]
    package let nearDuplicates: [Group]
    /// Records of one prompt whose completions differ.
    package let conflicts: [Group]
    /// By number of records, then by name.
    package let languages: [(language: String, count: Int)]
    /// Highest loss first; empty before training.
    package private(set) var suspects: [Suspect] = []
    /// Middle loss of the records; nil before training.
    package private(set) var medianLoss: Double?

    /// - Parameters:
    ///   - tokens: counts tokens where it is given.
    ///   - tokenLimit: the recipe's `maxTokens`.
    package init(
        _ records: [DataRecord],
        skipped: [SkippedRow] = [],
        tokens: RecordTokens? = nil,
        tokenLimit: Int = .max
    ) {
        self.records = records.count
        var reasons: [String: Int] = [:]
        for row in skipped { reasons[row.reason.name, default: 0] += 1 }
        self.skipped = Self.ranked(reasons).map { (reason: $0.0, count: $0.1) }
        promptBytes = SizeSummary(records.map(\.prompt.count))
        completionBytes = SizeSummary(records.map(\.completion.count))
        let counts = tokens.map { tokens in records.map { tokens.record($0)?.tokens.count ?? 0 } }
        self.tokens = counts.flatMap { SizeSummary($0) }
        cutOff = counts?.count { $0 == 0 || $0 > tokenLimit } ?? 0
        withoutPrompt = records.count { $0.prompt.isEmpty }
        duplicates = Self.groups(records.indices, by: { records[$0] })
        let firsts = Self.firsts(records)
        let clusters = NearDuplicates(
            firsts.map {
                Shingles(
                    words: Shingles.words(of: records[$0].prompt + [0x20] + records[$0].completion)
                )
            }
        ).clusters
        nearDuplicates = Self.groups(firsts.indices, by: { clusters[$0] })
            .map { Group(first: firsts[$0.first], others: $0.others.map { firsts[$0] }) }
        conflicts = Self.groups(
            firsts.filter { !records[$0].prompt.isEmpty },
            by: { records[$0].prompt }
        )
        var languages: [String: Int] = [:]
        for record in records {
            languages[
                LanguageGuess.name(of: record.prompt + [0x20] + record.completion),
                default: 0
            ] += 1
        }
        self.languages = Self.ranked(languages).map { (language: $0.0, count: $0.1) }
    }

    /// The report with what training showed. High loss after training is, on every bench, the best
    /// sign of a wrong label (docs/numerics.md); self-influence is shown beside it.
    ///
    /// - Parameters:
    ///   - losses: one a record, nil where it was not trained on.
    ///   - selfInfluence: one a record, or nothing.
    ///   - limit: how many suspects to name.
    /// - Precondition: there are as many losses as records, and as many self-influences if any.
    package func trained(
        losses: [Double?],
        selfInfluence: [Double]? = nil,
        limit: Int = 20
    ) -> DataReport {
        precondition(losses.count == records && selfInfluence.map { $0.count == records } ?? true)
        var report = self
        let known = losses.compactMap { $0 }.filter(\.isFinite).sorted()
        guard let median = Self.median(known) else { return report }
        report.medianLoss = median
        let distance = Self.median(known.map { abs($0 - median) }.sorted()) ?? 0
        // Where most losses are equal, the mean distance stands in for the median one.
        let mean = known.reduce(0) { $0 + abs($1 - median) } / Double(known.count)
        let unit = distance > 0 ? 1.4826 * distance : 1.2533 * mean
        guard unit > 0 else { return report }
        report.suspects = losses.enumerated().compactMap { record, loss -> Suspect? in
            guard let loss, loss.isFinite else { return nil }
            let deviations = (loss - median) / unit
            guard deviations >= Self.suspiciousDeviations else { return nil }
            return Suspect(
                record: record,
                loss: loss,
                deviations: deviations,
                selfInfluence: selfInfluence?[record]
            )
        }.sorted { ($1.loss, $0.record) < ($0.loss, $1.record) }.prefix(limit).map { $0 }
        return report
    }

    private static func median(_ sorted: [Double]) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2)
            ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    private static func ranked(_ counts: [String: Int]) -> [(String, Int)] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    }

    /// The first record of each kind of equal ones.
    private static func firsts(_ records: [DataRecord]) -> [Int] {
        var seen: Set<DataRecord> = []
        return records.indices.filter { seen.insert(records[$0]).inserted }
    }

    private static func groups<Key: Hashable>(
        _ places: some Sequence<Int>,
        by key: (Int) -> Key
    ) -> [Group] {
        var members: [Key: [Int]] = [:]
        var order: [Key] = []
        for place in places {
            let key = key(place)
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(place)
        }
        return order.compactMap { key in
            guard let list = members[key], list.count > 1 else { return nil }
            return Group(first: list[0], others: Array(list.dropFirst()))
        }
    }
}
