// The arithmetic of block-kernel influence over fixed-point gradient rows.

import CExactMath

/// Gradient rows with one factored kernel a block. Row i, block b holds `widths[b]` integers, which
/// stand for `integer * 2^exponents[i * blocks + b]`.
///
/// Invariant: there are as many values and exponents as rows and widths say.
package struct InfluenceKernel: Sendable {
    package let rows: Int
    private let widths: [UInt32]
    private let values: [Int8]
    private let exponents: [Int16]
    private var norms: [Double] = []
    private var factors: [[Double]] = []

    /// - Parameters:
    ///   - values: [rows, sum of widths], each in -127...127.
    ///   - exponents: [rows, widths.count].
    ///   - damping: c in units of 2^-16.
    package init(
        rows: Int,
        widths: [UInt32],
        values: [Int8],
        exponents: [Int16],
        damping: UInt32
    ) throws(ExactMathError) {
        precondition(values.count == rows * widths.reduce(0) { $0 + Int($1) })
        precondition(exponents.count == rows * widths.count)
        self.rows = rows
        self.widths = widths
        self.values = values
        self.exponents = exponents
        var norms = [Double](repeating: 0, count: rows)
        try check(unsafe withIndex { unsafe xm_influence_norms($0, &norms) })
        self.norms = norms
        for block in widths.indices { factors.append(try factor(block, damping: damping)) }
    }

    private func factor(_ block: Int, damping: UInt32) throws(ExactMathError) -> [Double] {
        var factor = [Double](repeating: 0, count: rows * rows)
        try check(
            unsafe withIndex { unsafe xm_influence_factor($0, norms, block, damping, &factor) }
        )
        return factor
    }

    /// The signed weight of every row for one query: magnitudes sum to at most 2^32, and are all
    /// zero where the query is.
    /// - Parameters:
    ///   - query: [sum of widths].
    ///   - queryExponents: [widths.count].
    package func weights(
        query: [Int8],
        queryExponents: [Int16]
    ) throws(ExactMathError) -> [Int64] {
        precondition(query.count == widths.reduce(0) { $0 + Int($1) })
        precondition(queryExponents.count == widths.count)
        var scores = [Double](repeating: 0, count: rows)
        var scratch = scores
        var offset = 0
        for block in widths.indices {
            let part = Array(query[offset..<offset + Int(widths[block])])
            offset += Int(widths[block])
            try check(
                unsafe withIndex {
                    unsafe xm_influence_solve(
                        $0,
                        norms,
                        block,
                        factors[block],
                        part,
                        queryExponents[block],
                        &scratch,
                        &scores
                    )
                }
            )
        }
        var weights = [Int64](repeating: 0, count: rows)
        try check(unsafe xm_influence_weights(scores, rows, &weights))
        return weights
    }

    private func withIndex(_ body: (UnsafePointer<xm_index>) -> xm_status) -> xm_status {
        unsafe widths.withUnsafeBufferPointer { widths in
            unsafe values.withUnsafeBufferPointer { values in
                unsafe exponents.withUnsafeBufferPointer { exponents in
                    var index = unsafe xm_index(
                        rows: rows,
                        blocks: widths.count,
                        dims: widths.baseAddress,
                        values: values.baseAddress,
                        exponents: exponents.baseAddress
                    )
                    return unsafe body(&index)
                }
            }
        }
    }
}
