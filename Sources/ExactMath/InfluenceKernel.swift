// The arithmetic of block-kernel influence over fixed-point gradient rows.

import CExactMath

/// Gradient rows with one kernel a block, each factored when it is used.
///
/// Factors of small indexes are kept. Else one at a time is made, used for all queries and let go:
/// beside the rows a call holds at most max(`keptBytes`, rows² · 8) bytes, and 16 for each row and
/// query. Nothing of a result depends on which.
package struct InfluenceKernel: Sendable {
    /// What all factors together may take to be kept.
    package static let keptBytes = 1 << 28

    private let rows: InfluenceRows
    private let norms: [Double]
    private let damping: UInt32
    /// One a block, or none.
    private var factors: [[Double]] = []

    /// - Parameters:
    ///   - damping: c in units of 2^-16.
    ///   - keptBytes: `InfluenceKernel.keptBytes` unless told.
    package init(
        _ rows: InfluenceRows,
        damping: UInt32,
        keptBytes: Int = InfluenceKernel.keptBytes
    ) throws(ExactMathError) {
        self.rows = rows
        self.damping = damping
        norms = try rows.norms()
        guard rows.widths.count * rows.count * rows.count * 8 <= keptBytes else { return }
        for block in rows.widths.indices { factors.append(try factor(block)) }
    }

    private func factor(_ block: Int) throws(ExactMathError) -> [Double] {
        try rows.unitFactor(norms: norms, block: block, damping: damping)
    }

    /// The signed weight of every row for each query: magnitudes sum to at most 2^32, and are all
    /// zero where the query is. Many queries at once cost little more than one.
    package func weights(queries: InfluenceRows) throws(ExactMathError) -> [[Int64]] {
        var scores = [Double](repeating: 0, count: queries.count * rows.count)
        for block in rows.widths.indices {
            try rows.addBlockInfluence(
                of: queries,
                block: block,
                factor: factors.isEmpty ? try factor(block) : factors[block],
                norms: norms,
                to: &scores
            )
        }
        var weights: [[Int64]] = []
        for query in 0..<queries.count {
            let own = scores[query * rows.count..<(query + 1) * rows.count]
            weights.append(try InfluenceWeights.normalized(Array(own)))
        }
        return weights
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
        var scratch = [Double](repeating: 0, count: queries.count * count)
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
