import CExactMath

/// The Cholesky factor of a symmetric positive definite matrix, in float64 and a fixed order.
package struct CholeskyFactor: Sendable {
    package let order: Int
    /// L, [order, order], zero above the diagonal.
    package let lower: [Double]

    /// - Parameter matrix: [order, order]; only its lower triangle is read.
    /// - Precondition: `matrix.count == order * order`.
    package init(of matrix: [Double], order: Int) throws(ExactMathError) {
        precondition(matrix.count == order * order)
        var lower = matrix
        try check(unsafe xm_cholesky(&lower, order))
        self.order = order
        self.lower = lower
    }

    /// Solves `L Lᵀ y = b` for every row b of [rows, order].
    package func solve(_ rows: [Double]) throws(ExactMathError) -> [Double] {
        precondition(rows.count.isMultiple(of: max(order, 1)))
        var solved = rows
        try check(unsafe xm_cholesky_solve(lower, order, &solved, rows.count / max(order, 1)))
        return solved
    }
}
