// Block-kernel influence with unit rows: how much each training record helped or hurt a query.

package import ExactMath

/// Scores queries against one influence index. One kernel a block is factored, which costs
/// rows² · width / 2 + blocks · rows³ / 6 multiply-adds, once for an index whose factors are kept and else
/// for each call (`InfluenceKernel`); a query costs rows · (width + blocks · rows).
///
/// For block b with unit rows Φ_b the score of record i is
/// `‖row i‖ · Σ_b ((Φ_b Φ_bᵀ + λ_b I)⁻¹ Φ_b φ_b)_i`, `λ_b = c · tr(Φ_b Φ_bᵀ) / n`.
/// The method is this project's; its relatives are Koh and Liang 2017 (influence functions) and
/// Kwon et al. 2024 (DataInf). c is chosen by a `DampingRule`.
package struct InfluenceEstimator: Sendable {
    package enum Failure: Error, Equatable {
        case arithmetic(ExactMathError)
        case queryMisshaped
    }

    private let kernel: InfluenceKernel
    private let shape: InfluenceIndex.Shape

    package init(
        _ index: InfluenceIndex,
        rule: DampingRule = .current
    ) throws(Failure) {
        let damping: UInt32
        do {
            damping = try rule.damping(of: index)
        } catch {
            throw .arithmetic(error)
        }
        try self.init(index, damping: damping)
    }

    /// - Parameter damping: c in units of 2^-16.
    package init(_ index: InfluenceIndex, damping: UInt32) throws(Failure) {
        shape = index.shape
        do {
            kernel = try InfluenceKernel(index.exactRows, damping: damping)
        } catch {
            throw .arithmetic(error)
        }
    }

    /// The signed weight of every record for one query: integers whose magnitudes sum to 2^32 at
    /// most, or all zero where the query has no gradient. Positive means helped.
    package func weights(for query: InfluenceRow) throws(Failure) -> [Int64] {
        try weights(for: [query])[0]
    }

    /// The same for many queries, which share the cost of the kernels.
    package func weights(for queries: [InfluenceRow]) throws(Failure) -> [[Int64]] {
        guard let rows = shape.exactRows(queries) else { throw .queryMisshaped }
        do {
            return try kernel.weights(queries: rows)
        } catch {
            throw .arithmetic(error)
        }
    }
}
