import CExactMath

/// One operand of a contraction: rows of 20-bit integers, each row with its own power-of-two scale.
/// Element (r, c) stands for `integers[r * columns + c] * 2^(exponents[r] - 20)`.
///
/// Invariants: integers are whole numbers of magnitude at most 2^20, kept as float32, which holds
/// them exactly; a row of zeros has exponent 0.
package struct QuantizedMatrix: Sendable, Equatable {
    package let rows: Int
    package let columns: Int
    package let integers: [Float]
    package let exponents: [Int32]

    /// Rounds each row to fixed point (docs/numerics.md, contraction, steps 1 and 2).
    package init(_ matrix: Matrix) throws(ExactMathError) {
        var exponents = [Int32](repeating: 0, count: matrix.rows)
        integers = unsafe try filled(matrix.values.count) { integers in
            unsafe xm_quantize(
                matrix.values,
                matrix.rows,
                matrix.columns,
                integers,
                &exponents
            )
        }
        self.exponents = exponents
        rows = matrix.rows
        columns = matrix.columns
    }

    /// Rounds after multiplying column c by 2^folding[c], which is exact: the row scales of the
    /// matrix that this operand will be multiplied with.
    init(_ matrix: Matrix, folding: [Int32]) throws(ExactMathError) {
        precondition(folding.count == matrix.columns)
        var exponents = [Int32](repeating: 0, count: matrix.rows)
        integers = unsafe try filled(matrix.values.count) { integers in
            unsafe xm_quantize_folded(
                matrix.values,
                matrix.rows,
                matrix.columns,
                folding,
                integers,
                &exponents
            )
        }
        self.exponents = exponents
        rows = matrix.rows
        columns = matrix.columns
    }

    private init(rows: Int, columns: Int, integers: [Float], exponents: [Int32]) {
        self.rows = rows
        self.columns = columns
        self.integers = integers
        self.exponents = exponents
    }

    /// The rows of a range.
    package func rows(_ range: Range<Int>) -> QuantizedMatrix {
        QuantizedMatrix(
            rows: range.count,
            columns: columns,
            integers: Array(integers[range.lowerBound * columns..<range.upperBound * columns]),
            exponents: Array(exponents[range])
        )
    }

    /// The rows of the given indices, as float32 values.
    package func gather(_ indices: [UInt32]) throws(ExactMathError) -> Matrix {
        let values = unsafe try filled(indices.count * columns) { out in
            unsafe xm_gather(integers, exponents, rows, columns, indices, indices.count, out)
        }
        return Matrix(rows: indices.count, columns: columns, values: values)
    }
}

/// An array of `count` floats that `body` writes whole.
func filled(
    _ count: Int,
    _ body: (UnsafeMutablePointer<Float>?) -> xm_status
) throws(ExactMathError) -> [Float] {
    var status = XM_OK
    let values = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        status = unsafe body(buffer.baseAddress)
        if status != XM_OK { unsafe buffer.initialize(repeating: 0) }
        initialized = count
    }
    try check(status)
    return values
}
