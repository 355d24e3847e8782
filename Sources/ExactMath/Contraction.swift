// Matrix products as exact integer arithmetic (docs/numerics.md). The sum of integer products has
// one value, so the result has, whatever computes it.

import CExactMath

package enum Contraction {
    /// `a · bᵀ`, [a.rows, b.rows].
    /// - Precondition: `a.columns == b.columns`.
    package static func product(
        _ a: QuantizedMatrix,
        transposed b: QuantizedMatrix,
        trace: inout ComputationTrace
    ) throws(ExactMathError) -> Matrix {
        precondition(a.columns == b.columns)
        var word: UInt64 = 0
        let values = unsafe try filled(a.rows * b.rows) { out in
            unsafe xm_contract(
                a.integers,
                a.exponents,
                a.rows,
                b.integers,
                b.exponents,
                b.rows,
                a.columns,
                out,
                &word
            )
        }
        trace.absorb(word)
        return Matrix(rows: a.rows, columns: b.rows, values: values)
    }

    package static func product(
        _ a: QuantizedMatrix,
        transposed b: QuantizedMatrix
    ) throws(ExactMathError) -> Matrix {
        precondition(a.columns == b.columns)
        let values = unsafe try filled(a.rows * b.rows) { out in
            unsafe xm_contract(
                a.integers,
                a.exponents,
                a.rows,
                b.integers,
                b.exponents,
                b.rows,
                a.columns,
                out,
                nil
            )
        }
        return Matrix(rows: a.rows, columns: b.rows, values: values)
    }

    /// `a · bᵀ` of two plain matrices, both rounded to fixed point first.
    package static func product(
        _ a: Matrix,
        transposed b: Matrix
    ) throws(ExactMathError) -> Matrix {
        try product(QuantizedMatrix(a), transposed: QuantizedMatrix(b))
    }

    /// `a · b`, [a.rows, b.columns]: the row scales of `b` go into `a` before `a` is rounded, so
    /// that `b` needs no second, transposed fixed-point form.
    /// - Precondition: `a.columns == b.rows`.
    package static func product(
        _ a: Matrix,
        _ b: QuantizedMatrix,
        trace: inout ComputationTrace
    ) throws(ExactMathError) -> Matrix {
        precondition(a.columns == b.rows)
        let left = try QuantizedMatrix(a, folding: b.exponents)
        var word: UInt64 = 0
        let values = unsafe try filled(a.rows * b.columns) { out in
            unsafe xm_contract_folded(
                left.integers,
                left.exponents,
                a.rows,
                b.integers,
                b.columns,
                a.columns,
                out,
                &word
            )
        }
        trace.absorb(word)
        return Matrix(rows: a.rows, columns: b.columns, values: values)
    }

    package static func product(
        _ a: Matrix,
        _ b: QuantizedMatrix
    ) throws(ExactMathError) -> Matrix {
        var unused = ComputationTrace()
        return try product(a, b, trace: &unused)
    }

    /// The integer sums of `a · bᵀ` without scales, [a.rows, b.rows]: entry (i, j) stands for
    /// `sum * 2^(a.exponents[i] + b.exponents[j] - 40)`.
    package static func sums(
        _ a: QuantizedMatrix,
        transposed b: QuantizedMatrix
    ) throws(ExactMathError) -> [Int64] {
        precondition(a.columns == b.columns)
        var sums = [Int64](repeating: 0, count: a.rows * b.rows)
        try check(
            unsafe xm_contract_sums(a.integers, a.rows, b.integers, b.rows, a.columns, &sums)
        )
        return sums
    }
}
