import Attribution
import ExactMath
import Primitives
import TestSupport
import Testing

@Suite("Block-kernel influence") struct InfluenceEstimatorTests {
    static let widths = [5, 3]

    static func index(rows: Int, seed: UInt64) throws -> InfluenceIndex {
        var random = SeededGenerator(seed: seed)
        let rows = (0..<rows).map { _ in row(&random) }
        return try InfluenceIndex(blockWidths: widths, rows: rows)
    }

    static func row(_ random: inout SeededGenerator) -> InfluenceRow {
        InfluenceRow(
            exponents: widths.map { _ in Int16.random(in: -12...(-8), using: &random) },
            values: (0..<8).map { _ in Int8.random(in: -127...127, using: &random) }
        )
    }

    static func reals(_ row: InfluenceRow) -> [[Double]] {
        var offset = 0
        return widths.enumerated().map { block, width in
            defer { offset += width }
            return row.values[offset..<offset + width].map {
                Double($0) * pow2(Int(row.exponents[block]))
            }
        }
    }

    static func pow2(_ exponent: Int) -> Double {
        exponent < 0 ? 1 / Double(1 << -exponent) : Double(1 << exponent)
    }

    /// The definition in feature space: Σ_b φ_b (Φ_bᵀ Φ_b + λ_b I)⁻¹ Φ_b[i] times the row's norm,
    /// solved by Gaussian elimination.
    static func definition(
        _ index: InfluenceIndex,
        _ query: InfluenceRow,
        damping: Double
    ) -> [Double] {
        let reals = index.rows.map(reals)
        let norms = reals.map { blocks in
            blocks.flatMap { $0 }.reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
        var scores = [Double](repeating: 0, count: reals.count)
        for (block, width) in widths.enumerated() {
            let unit = zip(reals, norms).map { row, norm in row[block].map { $0 / norm } }
            var matrix = (0..<width).map { a in
                (0..<width).map { b in unit.reduce(0) { $0 + $1[a] * $1[b] } }
            }
            let trace = (0..<width).reduce(0) { $0 + matrix[$1][$1] }
            for a in 0..<width { matrix[a][a] += damping * trace / Double(reals.count) }
            let solved = solve(matrix, Self.reals(query)[block])
            for (i, row) in unit.enumerated() {
                scores[i] += norms[i] * zip(row, solved).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
        return scores
    }

    static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var a = matrix
        var b = right
        for pivot in a.indices {
            for row in a.indices where row != pivot {
                let factor = a[row][pivot] / a[pivot][pivot]
                for column in a.indices { a[row][column] -= factor * a[pivot][column] }
                b[row] -= factor * b[pivot]
            }
        }
        return a.indices.map { b[$0] / a[$0][$0] }
    }

    @Test("record space gives the scores of the definition in feature space", arguments: 1...8)
    func definition(seed: UInt64) throws {
        let index = try Self.index(rows: 12, seed: seed)
        var random = SeededGenerator(seed: seed &+ 1000)
        let query = Self.row(&random)
        let weights = try InfluenceEstimator(index, damping: 3 << 16).weights(for: query)
        let scores = Self.definition(index, query, damping: 3)
        let total = scores.reduce(0) { $0 + abs($1) }
        for (weight, score) in zip(weights, scores) {
            #expect(abs(Double(weight) / 4_294_967_296 - score / total) < 1e-9)
        }
    }

    @Test("weights keep their signs and never sum to more than 2^32 in magnitude")
    func bounded() throws {
        var random = SeededGenerator(seed: 7)
        let estimator = try InfluenceEstimator(try Self.index(rows: 40, seed: 3))
        for _ in 0..<20 {
            let weights = try estimator.weights(for: Self.row(&random))
            #expect(weights.reduce(0) { $0 + $1.magnitude } <= 1 << 32)
            #expect(weights.contains { $0 < 0 } && weights.contains { $0 > 0 })
        }
    }

    @Test("a query without a gradient and rows without one weigh nothing")
    func zeros() throws {
        let zero = InfluenceRow(exponents: [0, 0], values: [Int8](repeating: 0, count: 8))
        var random = SeededGenerator(seed: 1)
        let index = try InfluenceIndex(
            blockWidths: Self.widths,
            rows: [zero, Self.row(&random), Self.row(&random)]
        )
        let estimator = try InfluenceEstimator(index)
        #expect(try estimator.weights(for: zero) == [0, 0, 0])
        #expect(try estimator.weights(for: Self.row(&random))[0] == 0)
        let empty = try InfluenceEstimator(try InfluenceIndex(blockWidths: [5, 3], rows: [zero]))
        #expect(try empty.weights(for: index.rows[1]) == [0])
    }

    @Test("many queries at once, and kernels that are not kept, give the same weights")
    func together() throws {
        var random = SeededGenerator(seed: 5)
        let index = try Self.index(rows: 70, seed: 2)
        let queries = (0..<11).map { _ in Self.row(&random) }
        let kept = try InfluenceEstimator(index, damping: 3 << 16)
        let apart = try queries.map { try kept.weights(for: $0) }
        #expect(try kept.weights(for: queries) == apart)
        let streamed = try InfluenceKernel(index.exactRows, damping: 3 << 16, keptBytes: 0)
        let rows = try #require(index.shape.exactRows(queries))
        #expect(try streamed.weights(queries: rows) == apart)
        #expect(try kept.weights(for: []).isEmpty)
    }

    @Test("a query of another shape is refused")
    func misshaped() throws {
        let estimator = try InfluenceEstimator(try Self.index(rows: 3, seed: 1))
        #expect(throws: InfluenceEstimator.Failure.queryMisshaped) {
            try estimator.weights(for: InfluenceRow(exponents: [0], values: [1]))
        }
    }
}
