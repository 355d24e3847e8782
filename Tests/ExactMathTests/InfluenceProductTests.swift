import ExactMath
import TestSupport
import Testing

@Suite("Products and factors of rows") struct InfluenceProductTests {
    private static func rows(_ count: Int, _ widths: [UInt32], seed: UInt64) -> InfluenceRows {
        var random = SeededGenerator(seed: seed)
        let width = widths.reduce(0) { $0 + Int($1) }
        return InfluenceRows(
            count: count,
            widths: widths,
            values: (0..<count * width).map { _ in
                Int8.random(in: -127...127, using: &random)
            },
            exponents: [Int16](repeating: 0, count: count * widths.count)
        )
    }

    @Test(
        "tiles, edges and every width give the exact sums",
        arguments: [(1, 1, 1), (4, 4, 64), (5, 9, 63), (37, 41, 65), (6, 8, 33_000)]
    )
    func exact(left: Int, right: Int, width: Int) throws {
        var random = SeededGenerator(seed: UInt64(width))
        let extreme: [Int8] = [-127, 127]
        func values(_ count: Int) -> [Int8] {
            (0..<count * width).map { _ in extreme.randomElement(using: &random) ?? 0 }
        }
        let (a, b) = (values(left), values(right))
        func rows(_ values: [Int8], _ count: Int) -> InfluenceRows {
            InfluenceRows(
                count: count,
                widths: [UInt32(width)],
                values: values,
                exponents: [Int16](repeating: 0, count: count)
            )
        }
        let products = try rows(a, left).products(with: rows(b, right), block: 0)
        for i in 0..<left {
            for j in 0..<right {
                let sum = (0..<width).reduce(0) {
                    $0 + Int(a[i * width + $1]) * Int(b[j * width + $1])
                }
                #expect(products[i * right + j] == Double(sum))
            }
        }
    }

    /// The order that the numerics write down: eight lanes over ascending columns, one entry after
    /// another.
    private static func factor(_ matrix: [Double], _ order: Int) -> [Double] {
        func dot(_ i: Int, _ j: Int, _ count: Int, _ a: [Double]) -> Double {
            var s = [Double](repeating: 0, count: 8)
            for k in 0..<count { s[k % 8] += a[i * order + k] * a[j * order + k] }
            return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
        }
        var a = matrix
        for i in 0..<order {
            for j in 0..<i {
                a[i * order + j] = (a[i * order + j] - dot(i, j, j, a)) / a[j * order + j]
            }
            a[i * order + i] = (a[i * order + i] - dot(i, i, i, a)).squareRoot()
            for j in i + 1..<max(order, i + 1) { a[i * order + j] = 0 }
        }
        return a
    }

    @Test(
        "a factor in tiles has the bits of the written order, across panels and at every edge",
        arguments: [1, 7, 8, 63, 64, 65, 68, 131, 200]
    )
    func factor(order: Int) throws {
        let rows = Self.rows(order, [50], seed: 3)
        var matrix = try rows.products(with: rows, block: 0)
        for i in 0..<order { matrix[i * order + i] += 1_000 }
        let factor = try CholeskyFactor(of: matrix, order: order)
        #expect(factor.lower == Self.factor(matrix, order))
    }

    @Test("right-hand sides solved together have the bits of each alone")
    func solve() throws {
        let order = 77
        let rows = Self.rows(order, [50], seed: 4)
        var matrix = try rows.products(with: rows, block: 0)
        for i in 0..<order { matrix[i * order + i] += 1_000 }
        let factor = try CholeskyFactor(of: matrix, order: order)
        let right = Array(matrix[..<(19 * order)])
        let together = try factor.solve(right)
        for row in 0..<19 {
            let own = row * order..<(row + 1) * order
            #expect(try factor.solve(Array(right[own])) == Array(together[own]))
        }
    }
}
