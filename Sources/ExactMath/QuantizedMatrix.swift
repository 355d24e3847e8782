import CExactMath

/// One operand of a contraction: rows of 20-bit integers, each row with its own power-of-two scale.
/// Element (r, c) stands for `integers[r * columns + c] * 2^(exponents[r] - 20)`.
///
/// Invariants: integers are whole numbers of magnitude at most 2^20, kept as float32, which holds
/// them exactly, or as codes; a row of zeros has exponent 0.
package struct QuantizedMatrix: Sendable, Equatable {
    package let rows: Int
    package let columns: Int
    package let exponents: [Int32]
    let storage: Storage

    enum Storage: Sendable, Equatable {
        /// [rows, columns]
        case plain([Float])
        /// A right operand in short.
        case coded(CodedRows)
    }

    /// [rows, columns]; made anew from codes.
    package var integers: [Float] {
        switch storage {
        case .plain(let integers): return integers
        case .coded(let coded):
            let all = (0..<UInt32(rows)).map { $0 }
            guard let integers = try? coded.decoded(all, scaled: false) else {
                preconditionFailure("codes were checked when they were made")
            }
            return integers
        }
    }

    /// Bytes that the operand takes in memory.
    package var byteCount: Int {
        switch storage {
        case .plain(let integers): 4 * integers.count + 4 * exponents.count
        case .coded(let coded): coded.byteCount
        }
    }

    /// The operand that `QuantizedMatrix(_: Matrix)` of the decoded values would be, kept in codes.
    package init(_ coded: CodedRows) {
        rows = coded.rows
        columns = coded.columns
        exponents = coded.exponents
        storage = .coded(coded)
    }

    /// Rounds each row to fixed point (docs/numerics.md, contraction, steps 1 and 2).
    package init(_ matrix: Matrix) throws(ExactMathError) {
        var exponents = [Int32](repeating: 0, count: matrix.rows)
        let integers = unsafe try filled(matrix.values.count) { integers in
            unsafe xm_quantize(
                matrix.values,
                matrix.rows,
                matrix.columns,
                integers,
                &exponents
            )
        }
        storage = .plain(integers)
        self.exponents = exponents
        rows = matrix.rows
        columns = matrix.columns
    }

    /// Rounds after multiplying column c by 2^folding[c], which is exact: the row scales of the
    /// matrix that this operand will be multiplied with.
    init(_ matrix: Matrix, folding: [Int32]) throws(ExactMathError) {
        precondition(folding.count == matrix.columns)
        var exponents = [Int32](repeating: 0, count: matrix.rows)
        let integers = unsafe try filled(matrix.values.count) { integers in
            unsafe xm_quantize_folded(
                matrix.values,
                matrix.rows,
                matrix.columns,
                folding,
                integers,
                &exponents
            )
        }
        storage = .plain(integers)
        self.exponents = exponents
        rows = matrix.rows
        columns = matrix.columns
    }

    private init(rows: Int, columns: Int, integers: [Float], exponents: [Int32]) {
        self.rows = rows
        self.columns = columns
        storage = .plain(integers)
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
        if case .coded(let coded) = storage {
            return Matrix(
                rows: indices.count,
                columns: columns,
                values: try coded.decoded(indices, scaled: true)
            )
        }
        let integers = self.integers
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
