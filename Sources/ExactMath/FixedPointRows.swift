import CExactMath

/// Rows of small integers, each with its own power-of-two scale. Element (r, c) stands for
/// `integers[r * columns + c] * 2^(exponents[r] - (bits - 1))`.
///
/// Invariant: magnitudes are at most 2^(bits - 1) - 1; a row of zeros has exponent 0.
package struct FixedPointRows: Sendable, Equatable {
    package let rows: Int
    package let columns: Int
    package let bits: Int
    package let integers: [Int32]
    package let exponents: [Int32]

    /// Rounds ties to even; the one value that would reach 2^(bits - 1) saturates.
    /// - Parameter bits: 2...24.
    package init(_ matrix: Matrix, bits: Int) throws(ExactMathError) {
        var integers = [Int32](repeating: 0, count: matrix.values.count)
        var exponents = [Int32](repeating: 0, count: matrix.rows)
        try check(
            unsafe xm_fixed_rows(
                matrix.values,
                matrix.rows,
                matrix.columns,
                Int32(clamping: bits),
                &integers,
                &exponents
            )
        )
        self.init(
            rows: matrix.rows,
            columns: matrix.columns,
            bits: bits,
            integers: integers,
            exponents: exponents
        )
    }

    /// The same for float64 values, [rows, columns].
    package init(rows: Int, columns: Int, values: [Double], bits: Int) throws(ExactMathError) {
        precondition(values.count == rows * columns)
        var integers = [Int32](repeating: 0, count: values.count)
        var exponents = [Int32](repeating: 0, count: rows)
        try check(
            unsafe xm_fixed_rows64(
                values,
                rows,
                columns,
                Int32(clamping: bits),
                &integers,
                &exponents
            )
        )
        self.init(
            rows: rows,
            columns: columns,
            bits: bits,
            integers: integers,
            exponents: exponents
        )
    }

    private init(rows: Int, columns: Int, bits: Int, integers: [Int32], exponents: [Int32]) {
        self.rows = rows
        self.columns = columns
        self.bits = bits
        self.integers = integers
        self.exponents = exponents
    }
}

/// Products of integer rows, exact.
package enum IntegerProducts {
    /// Entry (i, j) is the sum over p of `left[i, p] * right[j, p]`. left [m, k], right [n, k].
    package static func sums(
        _ left: [Int32],
        rows m: Int,
        _ right: [Int8],
        rows n: Int,
        columns k: Int
    ) throws(ExactMathError) -> [Int64] {
        precondition(left.count == m * k && right.count == n * k)
        var sums = [Int64](repeating: 0, count: m * n)
        try check(unsafe xm_integer_products(left, m, right, n, k, &sums))
        return sums
    }

    /// A projection by random signs: entry (r, c) is the sum over i of `left[r, i]` times the sign
    /// (i, c), which is minus where bit c % 64 of word `i * ⌈columns / 64⌉ + c / 64` of `signs` is
    /// set. left [rows, n] with magnitudes below 2^24; result [rows, columns].
    package static func projected(
        _ left: [Int32],
        rows: Int,
        columns n: Int,
        signs: KeyedGenerator,
        to columns: Int
    ) throws(ExactMathError) -> [Int64] {
        precondition(left.count == rows * n)
        let words = signs.words(from: 0, count: n * ((columns + 63) / 64))
        var sums = [Int64](repeating: 0, count: rows * columns)
        try check(unsafe xm_project_signs(left, rows, n, words, columns, &sums))
        return sums
    }
}
