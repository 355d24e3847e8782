// Assigns every record to the cluster of the earliest record that it resembles.

/// Clusters of near-duplicates over records in commitment order.
///
/// Invariant: `clusters[i] <= i`, and `clusters[clusters[i]] == clusters[i]`.
package struct NearDuplicates: Sendable {
    /// Jaccard similarity from which two records are one: 2/5. An honest row of the same subject
    /// stays far below it; a copy with one word in ten changed is above it.
    static let threshold = (numerator: 2, denominator: 5)
    /// How many records are remembered for one window: the earliest ones. Remembering all would make
    /// set phrases cost quadratic time; forgetting the window would let a flood of copies hide itself.
    static let holdersPerWindow = 256

    /// For each record the index of its cluster's first member; its own where it is the first.
    package private(set) var clusters: [Int] = []
    private var shingles: [Shingles] = []
    private var holders: [UInt64: [Int]] = [:]

    package init(_ records: [Shingles]) {
        for record in records { append(record) }
    }

    private mutating func append(_ record: Shingles) {
        let index = shingles.count
        clusters.append(nearest(to: record).map { clusters[$0] } ?? index)
        shingles.append(record)
        for window in record.values
        where holders[window, default: []].count < Self.holdersPerWindow {
            holders[window, default: []].append(index)
        }
    }

    /// The earlier record with the greatest similarity at or above the threshold; ties go to the
    /// earliest.
    private func nearest(to record: Shingles) -> Int? {
        var common = [Int: Int]()
        for window in record.values {
            for other in holders[window, default: []] { common[other, default: 0] += 1 }
        }
        var best: (index: Int, shared: Int, union: Int)?
        for other in common.keys.sorted() {
            let shared = common[other] ?? 0
            let union = record.values.count + shingles[other].values.count - shared
            guard shared * Self.threshold.denominator >= union * Self.threshold.numerator else {
                continue
            }
            if let best, shared * best.union <= best.shared * union { continue }
            best = (other, shared, union)
        }
        return best?.index
    }
}
