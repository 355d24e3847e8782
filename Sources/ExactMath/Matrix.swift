import CExactMath

/// A dense matrix of float32, row after row.
///
/// Invariant: `values.count == rows * columns`, and neither dimension is negative.
package struct Matrix: Sendable, Equatable {
    package let rows: Int
    package let columns: Int
    package var values: [Float]

    /// - Precondition: `values.count == rows * columns`.
    package init(rows: Int, columns: Int, values: [Float]) {
        precondition(rows >= 0 && columns >= 0 && values.count == rows * columns)
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    /// A matrix of zeros.
    package init(rows: Int, columns: Int) {
        self.init(
            rows: rows,
            columns: columns,
            values: [Float](repeating: 0, count: rows * columns)
        )
    }

    package static let empty = Matrix(rows: 0, columns: 0)

    package subscript(row: Int, column: Int) -> Float {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    package func row(_ index: Int) -> [Float] {
        Array(values[index * columns..<(index + 1) * columns])
    }
}

extension Matrix {
    package var isFinite: Bool { unsafe xm_check_finite(values, values.count) == XM_OK }

    /// The rows of a range.
    package func rows(_ range: Range<Int>) -> Matrix {
        Matrix(
            rows: range.count,
            columns: columns,
            values: Array(values[range.lowerBound * columns..<range.upperBound * columns])
        )
    }

    /// Matrices of equal width, one below the other.
    /// - Precondition: every matrix has `columns` columns.
    package static func stacked(_ parts: [Matrix], columns: Int) -> Matrix {
        var values: [Float] = []
        values.reserveCapacity(parts.reduce(0) { $0 + $1.values.count })
        for part in parts {
            precondition(part.columns == columns)
            values.append(contentsOf: part.values)
        }
        return Matrix(
            rows: parts.reduce(0) { $0 + $1.rows },
            columns: columns,
            values: values
        )
    }
}
