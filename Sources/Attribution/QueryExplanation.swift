// One query's attribution as a person reads it: which records mattered, and whose they were.

/// What the weights of one query say. The network pays from the same weights, but over a whole
/// epoch and by clusters of near-duplicates (`Jobs.ClusterShares`).
package struct QueryExplanation: Sendable, Equatable {
    package struct Record: Sendable, Equatable {
        /// Position in the index.
        package let record: Int
        /// Of 2^32; positive helped.
        package let weight: Int64
    }

    package struct Share: Sendable, Equatable {
        package let contributor: String
        /// The sum of the contributor's weights, with their signs.
        package let weight: Int64
        /// What the contributor would be paid of one: negative sums count as zero.
        package let fraction: Double
    }

    /// The records that helped most, heaviest first; equal weights in the index's order.
    package let helped: [Record]
    /// The records that hurt most, heaviest first.
    package let hurt: [Record]
    /// One for each contributor, in order of name.
    package let shares: [Share]

    /// - Parameters:
    ///   - weights: of every record, as `InfluenceEstimator` gives them.
    ///   - contributors: who gave each record.
    ///   - limit: how many records to name on each side.
    /// - Precondition: there is one contributor a record, and `limit` is not negative.
    package init(weights: [Int64], contributors: [String], limit: Int) {
        precondition(weights.count == contributors.count && limit >= 0)
        let records = weights.enumerated().map { Record(record: $0, weight: $1) }
        let heaviest = records.sorted {
            ($1.weight.magnitude, $0.record) < ($0.weight.magnitude, $1.record)
        }
        helped = Array(heaviest.filter { $0.weight > 0 }.prefix(limit))
        hurt = Array(heaviest.filter { $0.weight < 0 }.prefix(limit))
        var sums: [String: Int64] = [:]
        for (weight, contributor) in zip(weights, contributors) {
            sums[contributor, default: 0] += weight
        }
        let paid = sums.values.reduce(Int64(0)) { $0 + max($1, 0) }
        shares = sums.keys.sorted().map { contributor in
            let weight = sums[contributor] ?? 0
            return Share(
                contributor: contributor,
                weight: weight,
                fraction: paid == 0 ? 0 : Double(max(weight, 0)) / Double(paid)
            )
        }
    }
}
