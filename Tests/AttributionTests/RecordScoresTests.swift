import Attribution
import Primitives
import TestSupport
import Testing

@Suite("Scores of records") struct RecordScoresTests {
    typealias Support = InfluenceEstimatorTests

    static func scene(seed: UInt64) throws -> (index: InfluenceIndex, queries: [InfluenceRow]) {
        var random = SeededGenerator(seed: seed &+ 500)
        return (
            try Support.index(rows: 10, seed: seed),
            (0..<3).map { _ in Support.row(&random) }
        )
    }

    static func dot(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// Kwon et al. 2024, equation 5, with the matrix of each record inverted as a matrix.
    static func dataInf(_ index: InfluenceIndex, _ query: InfluenceRow) -> [Double] {
        let reals = index.rows.map(Support.reals)
        let query = Support.reals(query)
        var scores = [Double](repeating: 0, count: reals.count)
        for (block, width) in Support.widths.enumerated() {
            let squares = reals.map { dot($0[block], $0[block]) }.reduce(0, +)
            let lambda = 6_554.0 / 65_536 * squares / Double(reals.count * width)
            var solved = [Double](repeating: 0, count: width)
            for row in reals {
                let matrix = (0..<width).map { a in
                    (0..<width).map { b in row[block][a] * row[block][b] + (a == b ? lambda : 0) }
                }
                for (a, value) in Support.solve(matrix, query[block]).enumerated() {
                    solved[a] += value / Double(reals.count)
                }
            }
            for (record, row) in reals.enumerated() { scores[record] += dot(row[block], solved) }
        }
        return scores
    }

    @Test("DataInf is the mean of the inverses that its paper defines", arguments: 1...6)
    func dataInfDefinition(seed: UInt64) throws {
        let (index, queries) = try Self.scene(seed: seed)
        let scores = try RecordScores(index).scores(of: queries, by: .datainf)
        for (query, found) in zip(queries, scores) {
            let expected = Self.dataInf(index, query)
            let scale = expected.map(abs).reduce(0, +)
            for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-9 * scale) }
        }
    }

    @Test("dot products and cosines are those of the real rows", arguments: 1...6)
    func products(seed: UInt64) throws {
        let (index, queries) = try Self.scene(seed: seed)
        let scorer = RecordScores(index)
        let dots = try scorer.scores(of: queries, by: .dot)
        let cosines = try scorer.scores(of: queries, by: .cosine)
        for (query, row) in queries.enumerated() {
            let left = Support.reals(row).flatMap { $0 }
            for (record, row) in index.rows.enumerated() {
                let right = Support.reals(row).flatMap { $0 }
                let product = Self.dot(left, right)
                let norms = (Self.dot(left, left) * Self.dot(right, right)).squareRoot()
                #expect(abs(dots[query][record] - product) < 1e-12 * norms)
                #expect(abs(cosines[query][record] - product / norms) < 1e-12)
            }
        }
    }

    @Test("the block scores of many queries are in proportion to each query's weights alone")
    func block() throws {
        let (index, queries) = try Self.scene(seed: 3)
        let scores = try RecordScores(index).scores(of: queries, by: .block)
        let estimator = try InfluenceEstimator(index)
        for (query, found) in zip(queries, scores) {
            let total = found.map(abs).reduce(0, +)
            for (weight, score) in zip(try estimator.weights(for: query), found) {
                #expect(abs(Double(weight) / 4_294_967_296 - score / total) < 1e-9)
            }
        }
    }

    @Test("records and queries without a gradient score zero", arguments: InfluenceMethod.allCases)
    func zeros(method: InfluenceMethod) throws {
        let zero = InfluenceRow(exponents: [0, 0], values: [Int8](repeating: 0, count: 8))
        var random = SeededGenerator(seed: 1)
        let rows = [zero, Support.row(&random), Support.row(&random)]
        let scorer = RecordScores(try InfluenceIndex(blockWidths: Support.widths, rows: rows))
        let scores = try scorer.scores(of: [zero, rows[1]], by: method)
        #expect(scores[0] == [0, 0, 0])
        #expect(scores[1][0] == 0 && scores[1][1] > 0)
        let empty = RecordScores(try InfluenceIndex(blockWidths: Support.widths, rows: [zero]))
        #expect(try empty.scores(of: [rows[1]], by: method) == [[0]])
        #expect(throws: RecordScores.Failure.queryMisshaped) {
            try scorer.scores(of: [InfluenceRow(exponents: [0], values: [1])], by: method)
        }
    }

    @Test("an explanation names the heaviest records, and sums contributors with their signs")
    func explanation() {
        let explanation = QueryExplanation(
            weights: [5, -20, 30, 5, -1],
            contributors: ["a", "a", "b", "c", "c"],
            limit: 2
        )
        #expect(explanation.helped.map(\.record) == [2, 0])
        #expect(explanation.hurt.map(\.record) == [1, 4])
        #expect(explanation.shares.map(\.weight) == [-15, 30, 4])
        #expect(explanation.shares.map(\.fraction) == [0, 30.0 / 34, 4.0 / 34])
    }
}
