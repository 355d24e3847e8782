// Low-rank products beside a matrix. Shapes are those of decoder.h.

import CExactMath

extension Layers {
    /// The norm of each row of W + scale · B A.
    /// - Precondition: B is [rows, rank] and A [rank, columns] for W [rows, columns].
    package static func sumNorms(
        _ w: QuantizedMatrix,
        plus b: Matrix,
        _ a: Matrix,
        scale: Float
    ) throws(ExactMathError) -> [Double] {
        precondition(b.rows == w.rows && a.columns == w.columns && a.rows == b.columns)
        var norms = [Double](repeating: 0, count: w.rows)
        try check(
            unsafe xm_sum_norms(
                w.integers,
                w.exponents,
                b.values,
                a.values,
                scale,
                w.rows,
                w.columns,
                a.rows,
                &norms
            )
        )
        return norms
    }

    /// w += scale · B A; with magnitudes, each row is then brought to its own (DoRA).
    package static func merge(
        _ b: Matrix,
        _ a: Matrix,
        scale: Float,
        magnitude: [Float]?,
        into w: inout Matrix
    ) throws(ExactMathError) {
        precondition(b.rows == w.rows && a.columns == w.columns && a.rows == b.columns)
        precondition(magnitude.map { $0.count == w.rows } ?? true)
        let (rows, columns) = (w.rows, w.columns)
        let status =
            if let magnitude {
                unsafe xm_merge(
                    &w.values,
                    b.values,
                    a.values,
                    scale,
                    magnitude,
                    rows,
                    columns,
                    a.rows
                )
            } else {
                unsafe xm_merge(&w.values, b.values, a.values, scale, nil, rows, columns, a.rows)
            }
        try check(status)
    }

    /// Multiplies each column by its factor.
    package static func multiplyColumns(
        of y: inout Matrix,
        by factors: [Float]
    ) throws(ExactMathError) {
        precondition(factors.count == y.columns)
        let (rows, columns) = (y.rows, y.columns)
        try check(unsafe xm_scale_columns(&y.values, factors, rows, columns))
    }
}
