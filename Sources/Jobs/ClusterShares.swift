// From the weights of records to the weights of contributors.

package import Commitments
import Primitives

/// Who owns each accepted record's cluster, and how large that cluster is.
package struct ClusterShares: Sendable {
    /// For each accepted record, the position of its cluster in `owners`.
    private var clusterOfRecord: [Int] = []
    private var owners: [Address] = []
    private var sizes: [Int64] = []

    package init(_ table: [SnapshotLeaf]) throws(JobFailure) {
        var positions: [UInt32: Int] = [:]
        for (index, leaf) in table.enumerated() where leaf.isAccepted {
            guard Int(leaf.cluster) <= index else {
                throw .malformedInput(
                    field: "snapshot",
                    reason: "record \(index) names cluster \(leaf.cluster)"
                )
            }
            let position = positions[leaf.cluster] ?? owners.count
            if position == owners.count {
                positions[leaf.cluster] = position
                owners.append(table[Int(leaf.cluster)].contributor)
                sizes.append(0)
            }
            sizes[position] += 1
            clusterOfRecord.append(position)
        }
    }

    package var acceptedCount: Int { clusterOfRecord.count }

    /// Sums, signs included, the mean weight of each cluster by its owner. Division is toward
    /// zero, so that magnitudes never grow.
    ///
    /// - Precondition: one weight for each accepted record.
    package func shares(of weights: [Int64]) -> [ContributorShare] {
        precondition(weights.count == acceptedCount)
        var sums = [Int64](repeating: 0, count: owners.count)
        for (record, weight) in weights.enumerated() { sums[clusterOfRecord[record]] += weight }
        var totals: [Address: Int64] = [:]
        for cluster in owners.indices {
            totals[owners[cluster], default: 0] += sums[cluster] / sizes[cluster]
        }
        return totals.keys.sorted().map {
            ContributorShare(contributor: $0, weight: totals[$0] ?? 0)
        }
    }
}
