// How much the estimator's kernels are damped: a function of the committed index, chosen by nobody.

package import ExactMath

/// Part of an adapter's recipe, so that claims on adapters of an earlier rule stay verifiable.
package enum DampingRule: UInt8, Sendable, CaseIterable {
    /// c = 3 for every index.
    case three = 1
    /// The largest c with which the index explains itself nearly as well as it can. A score is a
    /// coefficient of the ridge regression of a query's gradient on those of the records, so c is
    /// judged by that regression: each record's gradient on the others', fitted on half of a
    /// tensor's elements and judged on the other half. docs/decisions/0017 has the measurements.
    case explained = 2

    package static let current = explained

    /// Records that judge, evenly spaced. c is relative to a kernel's mean diagonal, which does not
    /// depend on how many there are.
    static let rowLimit = 128
    /// Tensors that judge at most; an odd step between them meets both factors of the pairs.
    static let blockLimit = 32
    /// c in units of 2^-16: the powers of two from 2^-6 to 2^6.
    static let candidates: [UInt32] = (10...22).map { 1 << $0 }

    /// c in units of 2^-16. 1 where no record has a gradient to explain.
    package func damping(of index: InfluenceIndex) throws(ExactMathError) -> UInt32 {
        guard self == .explained else { return 3 << 16 }
        let count = min(index.rows.count, Self.rowLimit)
        let sample = (0..<count).map { index.rows[$0 * index.rows.count / count] }
        guard let rows = index.shape.exactRows(sample) else { return 1 << 16 }
        let norms = try rows.norms()
        var errors = [Double](repeating: 0, count: Self.candidates.count)
        var total = 0.0
        let step = (index.blockWidths.count + Self.blockLimit - 1) / Self.blockLimit | 1
        for block in stride(from: 0, to: index.blockWidths.count, by: step) {
            total += try rows.addUnexplained(
                norms: norms,
                block: block,
                dampings: Self.candidates,
                to: &errors
            )
        }
        guard total > 0, let least = errors.min() else { return 1 << 16 }
        // The error may exceed the least by two fifths of the share that is explained at best.
        let limit = least * (7 * total - 2 * least)
        let position = errors.lastIndex { least >= total || 5 * total * $0 <= limit }
        return position.map { Self.candidates[$0] } ?? 1 << 16
    }
}
