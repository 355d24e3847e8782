// Scores of training records for many queries at once, by the estimator or by one of the methods
// that it is compared with.

package import ExactMath

/// How a record's influence on a query is estimated.
package enum InfluenceMethod: String, Sendable, CaseIterable {
    /// This project's: `InfluenceEstimator`.
    case block
    /// Kwon et al. 2024: the mean of inverses in place of the inverse of the mean, for each tensor.
    case datainf
    /// The cosine of the two gradients.
    case cosine
    /// The dot product of the two gradients; TracIn (Pruthi et al. 2020) with the last checkpoint
    /// alone, up to the learning rate.
    case dot
}

/// Scores in the units of each method, positive where the record helped. Equal inputs give equal
/// bits; a tensor's kernel is made, used for all queries, and let go, so that memory is
/// records² · 8 bytes whatever the number of tensors.
package struct RecordScores: Sendable {
    package enum Failure: Error, Equatable {
        case arithmetic(ExactMathError)
        case queryMisshaped
    }

    /// DataInf's λ of a tensor is a tenth of the mean square of its gradients' elements, the
    /// paper's value (after Grosse et al. 2023), in units of 2^-16.
    private static let dataInfDamping: UInt32 = 6_554

    private let index: InfluenceIndex
    private let shape: InfluenceIndex.Shape
    private let rows: InfluenceRows

    package init(_ index: InfluenceIndex) {
        self.index = index
        shape = index.shape
        rows = index.exactRows
    }

    /// For each query one score for each record of the index.
    package func scores(
        of queries: [InfluenceRow],
        by method: InfluenceMethod
    ) throws(Failure) -> [[Double]] {
        guard let queries = shape.exactRows(queries) else { throw .queryMisshaped }
        var scores = [Double](repeating: 0, count: queries.count * rows.count)
        do throws(ExactMathError) {
            switch method {
            case .block: try addBlock(queries, &scores)
            case .datainf: try addDataInf(queries, &scores)
            case .cosine:
                try addDot(queries, &scores)
                try divideByNorms(queries, &scores)
            case .dot: try addDot(queries, &scores)
            }
        } catch {
            throw .arithmetic(error)
        }
        return (0..<queries.count).map {
            Array(scores[$0 * rows.count..<($0 + 1) * rows.count])
        }
    }

    private func addBlock(
        _ queries: InfluenceRows,
        _ scores: inout [Double]
    ) throws(ExactMathError) {
        let norms = try rows.norms()
        let damping = try DampingRule.current.damping(of: index)
        for block in rows.widths.indices {
            let factor = try rows.unitFactor(
                norms: norms,
                block: block,
                damping: damping
            )
            try rows.addBlockInfluence(
                of: queries,
                block: block,
                factor: factor,
                norms: norms,
                to: &scores
            )
        }
    }

    private func addDataInf(
        _ queries: InfluenceRows,
        _ scores: inout [Double]
    ) throws(ExactMathError) {
        for block in rows.widths.indices {
            try rows.addDataInf(
                of: queries,
                block: block,
                damping: Self.dataInfDamping,
                to: &scores
            )
        }
    }

    private func addDot(
        _ queries: InfluenceRows,
        _ scores: inout [Double]
    ) throws(ExactMathError) {
        for block in rows.widths.indices {
            let products = try queries.products(with: rows, block: block)
            for position in scores.indices { scores[position] += products[position] }
        }
    }

    /// Where either norm is zero the score is zero already.
    private func divideByNorms(
        _ queries: InfluenceRows,
        _ scores: inout [Double]
    ) throws(ExactMathError) {
        let norms = try rows.norms()
        for (query, own) in try queries.norms().enumerated() {
            for (record, norm) in norms.enumerated() where own > 0 && norm > 0 {
                scores[query * rows.count + record] /= own * norm
            }
        }
    }
}
