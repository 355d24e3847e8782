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

    package subscript(row: Int, column: Int) -> Float {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    package func row(_ index: Int) -> [Float] {
        Array(values[index * columns..<(index + 1) * columns])
    }
}
