// Fixed-point gradient rows, and the exact products that every estimator is made of.

import CExactMath

/// Gradient rows cut into blocks. Row i, block b holds `widths[b]` integers in -127...127, which
/// stand for `integer * 2^exponents[i * blocks + b]`.
///
/// Invariant: there are as many values and exponents as rows and widths say.
package struct InfluenceRows: Sendable {
    package let count: Int
    package let widths: [UInt32]
    private let values: [Int8]
    private let exponents: [Int16]

    /// - Parameters:
    ///   - values: [count, sum of widths].
    ///   - exponents: [count, widths.count].
    package init(count: Int, widths: [UInt32], values: [Int8], exponents: [Int16]) {
        precondition(values.count == count * widths.reduce(0) { $0 + Int($1) })
        precondition(exponents.count == count * widths.count)
        self.count = count
        self.widths = widths
        self.values = values
        self.exponents = exponents
    }

    /// The norm of each row over all blocks: [count].
    package func norms() throws(ExactMathError) -> [Double] {
        var norms = [Double](repeating: 0, count: count)
        try check(unsafe withIndex { unsafe xm_influence_norms($0, &norms) })
        return norms
    }

    /// Dot products of one block of these rows with that of others: [count, others.count]. Exact.
    /// - Precondition: both have the same widths.
    package func products(
        with others: InfluenceRows,
        block: Int
    ) throws(ExactMathError) -> [Double] {
        precondition(widths == others.widths && widths.indices.contains(block))
        var products = [Double](repeating: 0, count: count * others.count)
        try check(
            unsafe withIndex { left in
                unsafe others.withIndex { right in
                    unsafe xm_influence_products(left, right, block, &products)
                }
            }
        )
        return products
    }

    /// Adds one block's part of DataInf (Kwon et al. 2024, equation 5) to `scores`
    /// [queries.count, count].
    /// - Parameter damping: λ in units of 2^-16 of the mean square of a gradient's element.
    package func addDataInf(
        of queries: InfluenceRows,
        block: Int,
        damping: UInt32,
        to scores: inout [Double]
    ) throws(ExactMathError) {
        precondition(scores.count == queries.count * count)
        let kernel = try products(with: self, block: block)
        let products = try queries.products(with: self, block: block)
        var scratch = [Double](repeating: 0, count: queries.count * count)
        try check(
            unsafe xm_influence_datainf(
                kernel,
                count,
                Int(widths[block]),
                damping,
                products,
                queries.count,
                &scratch,
                &scores
            )
        )
    }

    /// Adds to `errors` how badly the unit rows of one block explain each other at each damping,
    /// as `xm_influence_explained` defines it, and returns what the error would be without any
    /// explanation.
    /// - Parameters:
    ///   - norms: of these rows.
    ///   - dampings: c in units of 2^-16.
    package func addUnexplained(
        norms: [Double],
        block: Int,
        dampings: [UInt32],
        to errors: inout [Double]
    ) throws(ExactMathError) -> Double {
        precondition(norms.count == count && widths.indices.contains(block))
        precondition(dampings.count == errors.count)
        var scratch = [Double](repeating: 0, count: 4 * count * count)
        var total = 0.0
        try check(
            unsafe withIndex {
                unsafe xm_influence_explained(
                    $0,
                    norms,
                    block,
                    dampings,
                    dampings.count,
                    &scratch,
                    &errors,
                    &total
                )
            }
        )
        return total
    }

    func withIndex(_ body: (UnsafePointer<xm_index>) -> xm_status) -> xm_status {
        unsafe widths.withUnsafeBufferPointer { widths in
            unsafe values.withUnsafeBufferPointer { values in
                unsafe exponents.withUnsafeBufferPointer { exponents in
                    var index = unsafe xm_index(
                        rows: count,
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
