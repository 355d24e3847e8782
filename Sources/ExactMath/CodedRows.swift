import CExactMath

/// Rows of a matrix kept as short codes, as quantised model files have them, a seventh of the
/// memory of float32. Products decode them in the cache and have the bits of the decoded matrix.
///
/// The value of column c is `level · d + m`, each operation rounded to float32, with d and m of its
/// block of columns.
///
/// Invariants: codes, scales and exponents are as many as rows, columns and block say; values are
/// finite; every row's exponent is in -90...90.
package struct CodedRows: Sendable, Equatable {
    package let rows: Int
    package let columns: Int
    /// Columns that share a scale.
    package let block: Int
    /// 16 levels for codes of 4 bits; empty when codes are signed bytes and their own levels.
    private let levels: [Float]
    private let codes: [UInt8]
    private let scales: [Float]
    let exponents: [Int32]

    /// - Parameters:
    ///   - block: a power of two that divides `columns`: 32 or more, or 16 without levels.
    ///     `columns` is a multiple of 32.
    ///   - codes: with levels [rows, columns / 2], where in each run of 32 columns byte i has
    ///     column i in its low half and column i + 16 in its high half; else [rows, columns].
    ///   - scales: [rows, columns / block, 2], d before m.
    /// - Throws: `.outOfRange` for a shape or a row's magnitude that has no such form (plain rows
    ///   have no such limit), `.notFinite`.
    /// - Precondition: the counts fit the shape, and there are 16 levels or none.
    package init(
        rows: Int,
        columns: Int,
        block: Int,
        levels: [Float] = [],
        codes: [UInt8],
        scales: [Float]
    ) throws(ExactMathError) {
        precondition(rows >= 0 && columns >= 0 && block > 0)
        precondition(levels.isEmpty || levels.count == 16)
        precondition(codes.count == rows * columns / (levels.isEmpty ? 1 : 2))
        precondition(scales.count == rows * (columns / block) * 2)
        self.rows = rows
        self.columns = columns
        self.block = block
        self.levels = levels
        self.codes = codes
        self.scales = scales
        var exponents = [Int32](repeating: 0, count: rows)
        try check(
            unsafe Self.withCoded(rows, columns, block, levels, codes, scales, exponents) {
                unsafe xm_coded_exponents($0, &exponents)
            }
        )
        self.exponents = exponents
    }

    /// Bytes that the codes and scales take.
    package var byteCount: Int { codes.count + 4 * scales.count + 4 * exponents.count }

    /// The rows in another order: row i of the result is row `order[i]`.
    /// - Precondition: `order` is a permutation of the rows.
    package func reordered(_ order: [Int]) throws(ExactMathError) -> CodedRows {
        precondition(order.count == rows)
        var codes: [UInt8] = []
        var scales: [Float] = []
        codes.reserveCapacity(self.codes.count)
        scales.reserveCapacity(self.scales.count)
        let (codeWidth, scaleWidth) = (self.codes.count / max(rows, 1), columns / block * 2)
        for row in order {
            codes += self.codes[row * codeWidth..<(row + 1) * codeWidth]
            scales += self.scales[row * scaleWidth..<(row + 1) * scaleWidth]
        }
        return try CodedRows(
            rows: rows,
            columns: columns,
            block: block,
            levels: levels,
            codes: codes,
            scales: scales
        )
    }

    /// Rows as fixed-point integers or, if `scaled`, as the values that these stand for.
    /// [ids.count, columns]
    func decoded(_ ids: [UInt32], scaled: Bool) throws(ExactMathError) -> [Float] {
        unsafe try filled(ids.count * columns) { out in
            unsafe withC { unsafe xm_coded_rows($0, ids, ids.count, scaled, out) }
        }
    }

    func withC(_ body: (UnsafePointer<xm_coded>) -> xm_status) -> xm_status {
        unsafe Self.withCoded(rows, columns, block, levels, codes, scales, exponents, body)
    }

    private static func withCoded(
        _ rows: Int,
        _ columns: Int,
        _ block: Int,
        _ levels: [Float],
        _ codes: [UInt8],
        _ scales: [Float],
        _ exponents: [Int32],
        _ body: (UnsafePointer<xm_coded>) -> xm_status
    ) -> xm_status {
        unsafe levels.withUnsafeBufferPointer { levels in
            unsafe codes.withUnsafeBufferPointer { codes in
                unsafe scales.withUnsafeBufferPointer { scales in
                    unsafe exponents.withUnsafeBufferPointer { exponents in
                        var coded = unsafe xm_coded(
                            rows: rows,
                            columns: columns,
                            block: block,
                            levels: levels.isEmpty ? nil : levels.baseAddress,
                            codes: codes.baseAddress,
                            scales: scales.baseAddress,
                            exponents: exponents.baseAddress
                        )
                        return unsafe body(&coded)
                    }
                }
            }
        }
    }
}
