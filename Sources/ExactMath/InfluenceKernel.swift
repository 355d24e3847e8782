// The arithmetic of block-kernel influence over fixed-point gradient rows.

import CExactMath

/// Gradient rows with one factored kernel a block.
package struct InfluenceKernel: Sendable {
    private let rows: InfluenceRows
    private let norms: [Double]
    private var factors: [[Double]] = []

    /// - Parameter damping: c in units of 2^-16.
    package init(_ rows: InfluenceRows, damping: UInt32) throws(ExactMathError) {
        self.rows = rows
        norms = try rows.norms()
        for block in rows.widths.indices {
            factors.append(try rows.unitFactor(norms: norms, block: block, damping: damping))
        }
    }

    /// The signed weight of every row for one query: magnitudes sum to at most 2^32, and are all
    /// zero where the query is.
    /// - Parameter query: one row.
    package func weights(query: InfluenceRows) throws(ExactMathError) -> [Int64] {
        precondition(query.count == 1)
        var scores = [Double](repeating: 0, count: rows.count)
        for block in rows.widths.indices {
            try rows.addBlockInfluence(
                of: query,
                block: block,
                factor: factors[block],
                norms: norms,
                to: &scores
            )
        }
        return try InfluenceWeights.normalized(scores)
    }
}

package enum InfluenceWeights {
    /// Scales scores so that their magnitudes sum to 2^32, and rounds each toward zero. Scores
    /// that are all zero give zeros.
    package static func normalized(_ scores: [Double]) throws(ExactMathError) -> [Int64] {
        var weights = [Int64](repeating: 0, count: scores.count)
        try check(unsafe xm_influence_weights(scores, scores.count, &weights))
        return weights
    }
}

extension InfluenceRows {
    /// L with `L Lᵀ = K + c · tr(K) / n · I`, where K holds the dot products of unit rows in one
    /// block: [count, count]. Zero where the whole block is.
    /// - Parameters:
    ///   - norms: of these rows.
    ///   - damping: c in units of 2^-16.
    package func unitFactor(
        norms: [Double],
        block: Int,
        damping: UInt32
    ) throws(ExactMathError) -> [Double] {
        precondition(norms.count == count && widths.indices.contains(block))
        var factor = [Double](repeating: 0, count: count * count)
        try check(
            unsafe withIndex { unsafe xm_influence_factor($0, norms, block, damping, &factor) }
        )
        return factor
    }

    /// Adds `norm_i · ((K + λI)⁻¹ k)_i` of one block to `scores` [queries.count, count], with k the
    /// dot products of unit rows and the query.
    package func addBlockInfluence(
        of queries: InfluenceRows,
        block: Int,
        factor: [Double],
        norms: [Double],
        to scores: inout [Double]
    ) throws(ExactMathError) {
        precondition(scores.count == queries.count * count && widths == queries.widths)
        precondition(factor.count == count * count && norms.count == count)
        var scratch = [Double](repeating: 0, count: count)
        try check(
            unsafe withIndex { index in
                unsafe queries.withIndex { queries in
                    unsafe xm_influence_solve(
                        index,
                        norms,
                        block,
                        factor,
                        queries,
                        &scratch,
                        &scores
                    )
                }
            }
        )
    }
}
