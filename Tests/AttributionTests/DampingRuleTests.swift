import Attribution
import ExactMath
import Primitives
import TestSupport
import Testing

@Suite("The damping rule") struct DampingRuleTests {
    typealias Support = InfluenceEstimatorTests

    /// The rule's error for one c, by regressing each record on the others, and what it would be if
    /// the others explained nothing.
    static func error(
        _ index: InfluenceIndex,
        damping: Double
    ) -> (error: Double, total: Double) {
        let reals = index.rows.map(Support.reals)
        var sum = 0.0
        var total = 0.0
        for block in Support.widths.indices {
            let unit = reals.map { row in
                let norm = row.flatMap { $0 }.reduce(0) { $0 + $1 * $1 }.squareRoot()
                return row[block].map { $0 / norm }
            }
            for half in 0..<2 {
                func part(_ row: [Double], _ half: Int) -> [Double] {
                    row.indices.filter { $0 % 2 == half }.map { row[$0] }
                }
                let fit = unit.map { part($0, half) }
                let judge = unit.map { part($0, 1 - half) }
                let trace = fit.reduce(0) { $0 + RecordScoresTests.dot($1, $1) }
                let ridge = damping * trace / Double(fit.count)
                for target in fit.indices {
                    let others = fit.indices.filter { $0 != target }
                    let matrix = others.map { a in
                        others.map { b in
                            RecordScoresTests.dot(fit[a], fit[b]) + (a == b ? ridge : 0)
                        }
                    }
                    let right = others.map { RecordScoresTests.dot(fit[$0], fit[target]) }
                    let weights = Support.solve(matrix, right)
                    var rest = judge[target]
                    total += RecordScoresTests.dot(rest, rest)
                    for (weight, other) in zip(weights, others) {
                        for column in rest.indices { rest[column] -= weight * judge[other][column] }
                    }
                    sum += RecordScoresTests.dot(rest, rest)
                }
            }
        }
        return (sum, total)
    }

    @Test("takes the largest damping that explains nearly as much as the best", arguments: 1...6)
    func definition(seed: UInt64) throws {
        let index = try Support.index(rows: 9, seed: seed)
        let tried = (-6...6).map { Self.error(index, damping: Support.pow2($0)) }
        let least = try #require(tried.map(\.error).min())
        let explained = 1 - least / tried[0].total
        let position = tried.lastIndex { $0.error <= least * (1 + 0.4 * explained) }
        let expected = explained > 0 ? try #require(position) - 6 : 6
        #expect(try DampingRule.explained.damping(of: index) == 1 << UInt32(16 + expected))
    }

    /// Rows of one block: each is a mixture of `sources` rows, with noise of one part in `quiet`.
    static func index(sources: Int, quiet: Int) throws -> InfluenceIndex {
        var random = SeededGenerator(seed: 4)
        func letters() -> [Int] { (0..<64).map { _ in Int.random(in: -9...9, using: &random) } }
        let origin = (0..<sources).map { _ in letters() }
        let rows = (0..<40).map { number in
            let noise = letters()
            let values = (0..<64).map { Int8(origin[number % sources][$0] * 9 + noise[$0] / quiet) }
            return InfluenceRow(exponents: [-9], values: values)
        }
        return try InfluenceIndex(blockWidths: [64], rows: rows)
    }

    @Test("rows that repeat each other are damped less than rows that share nothing")
    func adapts() throws {
        let repeating = try DampingRule.explained.damping(of: Self.index(sources: 4, quiet: 5))
        let foreign = try DampingRule.explained.damping(of: Self.index(sources: 40, quiet: 5))
        #expect(repeating * 16 < foreign)
        #expect(foreign >= 1 << 19)
    }

    @Test("an index without gradients or without rows has a damping, and the first rule's is 3")
    func degenerate() throws {
        let zero = InfluenceRow(exponents: [0, 0], values: [Int8](repeating: 0, count: 8))
        let index = try InfluenceIndex(blockWidths: Support.widths, rows: [zero, zero])
        #expect(try DampingRule.explained.damping(of: index) == 1 << 16)
        let empty = try InfluenceIndex(blockWidths: Support.widths, rows: [])
        #expect(try DampingRule.explained.damping(of: empty) == 1 << 16)
        #expect(try DampingRule.three.damping(of: index) == 3 << 16)
    }
}
