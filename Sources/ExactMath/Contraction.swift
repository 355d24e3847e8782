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
        var word: UInt64 = 0
        let product = unsafe try transposed(a, b, &word)
        trace.absorb(word)
        return product
    }

    package static func product(
        _ a: QuantizedMatrix,
        transposed b: QuantizedMatrix
    ) throws(ExactMathError) -> Matrix {
        unsafe try transposed(a, b, nil)
    }

    private static func transposed(
        _ a: QuantizedMatrix,
        _ b: QuantizedMatrix,
        _ word: UnsafeMutablePointer<UInt64>?
    ) throws(ExactMathError) -> Matrix {
        precondition(a.columns == b.columns)
        let (left, scales, m, k) = (a.integers, a.exponents, a.rows, a.columns)
        let values = unsafe try filled(m * b.rows) { out in
            switch b.storage {
            case .plain(let right):
                unsafe xm_contract(left, scales, m, right, b.exponents, b.rows, k, out, word)
            case .coded(let coded):
                unsafe coded.withC { unsafe xm_contract_coded(left, scales, m, $0, out, word) }
            }
        }
        return Matrix(rows: m, columns: b.rows, values: values)
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
        var word: UInt64 = 0
        let product = unsafe try folded(a, b, &word)
        trace.absorb(word)
        return product
    }

    package static func product(
        _ a: Matrix,
        _ b: QuantizedMatrix
    ) throws(ExactMathError) -> Matrix {
        unsafe try folded(a, b, nil)
    }

    private static func folded(
        _ a: Matrix,
        _ b: QuantizedMatrix,
        _ word: UnsafeMutablePointer<UInt64>?
    ) throws(ExactMathError) -> Matrix {
        precondition(a.columns == b.rows)
        let operand = try QuantizedMatrix(a, folding: b.exponents)
        let (left, scales, m, k) = (operand.integers, operand.exponents, a.rows, a.columns)
        let values = unsafe try filled(m * b.columns) { out in
            switch b.storage {
            case .plain(let right):
                unsafe xm_contract_folded(left, scales, m, right, b.columns, k, out, word)
            case .coded(let coded):
                unsafe coded.withC {
                    unsafe xm_contract_coded_folded(left, scales, m, $0, out, word)
                }
            }
        }
        return Matrix(rows: m, columns: b.columns, values: values)
    }

    /// The integer sums of `a · bᵀ` without scales, [a.rows, b.rows]: entry (i, j) stands for
    /// `sum * 2^(a.exponents[i] + b.exponents[j] - 40)`.
    package static func sums(
        _ a: QuantizedMatrix,
        transposed b: QuantizedMatrix
    ) throws(ExactMathError) -> [Int64] {
        precondition(a.columns == b.columns)
        var sums = [Int64](repeating: 0, count: a.rows * b.rows)
        let (left, right) = (a.integers, b.integers)
        try check(unsafe xm_contract_sums(left, a.rows, right, b.rows, a.columns, &sums))
        return sums
    }
}
