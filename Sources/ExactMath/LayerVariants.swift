// Layers that only some families of decoders have. Shapes are those of decoder.h.

import CExactMath

extension Layers {
    /// GELU in the tanh form, elementwise.
    package static func gelu(_ x: Matrix) throws(ExactMathError) -> Matrix {
        let values = unsafe try filled(x.values.count) { out in
            unsafe xm_gelu(x.values, x.values.count, out)
        }
        return Matrix(rows: x.rows, columns: x.columns, values: values)
    }

    package static func geluGradient(
        of output: Matrix,
        input x: Matrix
    ) throws(ExactMathError) -> Matrix {
        precondition(output.values.count == x.values.count)
        let values = unsafe try filled(x.values.count) { out in
            unsafe xm_gelu_backward(output.values, x.values, x.values.count, out)
        }
        return Matrix(rows: x.rows, columns: x.columns, values: values)
    }

    /// Adds a bias to every row.
    package static func addRow(_ row: [Float], to y: inout Matrix) throws(ExactMathError) {
        precondition(row.count == y.columns)
        try check(unsafe xm_add_row(&y.values, row, y.rows, y.columns))
    }
}

extension RotaryTable {
    /// Frequency i is divided by `divisors[i]`.
    /// - Precondition: there is one divisor for each pair of a head.
    package init(
        first: Int,
        count: Int,
        dimension: Int,
        base: Double,
        divisors: [Float]
    ) throws(ExactMathError) {
        precondition(first >= 0 && count >= 0 && dimension == 2 * divisors.count)
        var sines = [Float](repeating: 0, count: count * dimension / 2)
        let cosines = unsafe try filled(sines.count) { cosines in
            unsafe xm_rotary_table_divided(
                first,
                count,
                dimension,
                base,
                divisors,
                cosines,
                &sines
            )
        }
        self.init(count: count, dimension: dimension, cosines: cosines, sines: sines)
    }
}

extension Matrix {
    /// Columns of a range.
    /// - Precondition: the range lies inside the matrix.
    package func columns(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns)
        var part: [Float] = []
        part.reserveCapacity(rows * range.count)
        for row in 0..<rows {
            part += values[row * columns + range.lowerBound..<row * columns + range.upperBound]
        }
        return Matrix(rows: rows, columns: range.count, values: part)
    }

    /// Matrices of equal height, side by side.
    /// - Precondition: every matrix has `rows` rows.
    package static func beside(_ parts: [Matrix], rows: Int) -> Matrix {
        let columns = parts.reduce(0) { $0 + $1.columns }
        var joined: [Float] = []
        joined.reserveCapacity(rows * columns)
        for row in 0..<rows {
            for part in parts {
                precondition(part.rows == rows)
                joined += part.values[row * part.columns..<(row + 1) * part.columns]
            }
        }
        return Matrix(rows: rows, columns: columns, values: joined)
    }

    /// The same values as rows of another width.
    /// - Precondition: `width` divides the columns.
    package func reshaped(width: Int) -> Matrix {
        precondition(width > 0 && columns.isMultiple(of: width))
        return Matrix(rows: rows * (columns / width), columns: width, values: values)
    }
}
