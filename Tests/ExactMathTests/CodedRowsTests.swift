import ExactMath
import TestSupport
import Testing

// Inside the other suite, because both choose backends for the whole process.
extension BackendTests {
    @Suite("Coded rows")
    struct CodedRowsTests {
        struct Case: Sendable {
            let rows, columns, block: Int
            let levels: [Float]
        }

        static let cases = [
            Case(rows: 41, columns: 96, block: 32, levels: (0..<16).map { Float($0) }),
            Case(
                rows: 7,
                columns: 4224,
                block: 64,
                levels: (0..<16).map { Float($0 * $0) / 9 - 12 }
            ),
            Case(rows: 100, columns: 192, block: 16, levels: []),
            Case(rows: 3, columns: 64, block: 32, levels: []),
        ]

        /// Random codes with their decoded values, written out by the definition.
        private func make(_ shape: Case) throws -> (coded: CodedRows, values: Matrix) {
            var generator = SeededGenerator(seed: UInt64(shape.rows))
            let narrow = !shape.levels.isEmpty
            let codes = (0..<shape.rows * shape.columns / (narrow ? 2 : 1)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            var scales: [Float] = []
            for row in 0..<shape.rows {
                for _ in 0..<shape.columns / shape.block {
                    let zero = row.isMultiple(of: 5)
                    scales.append(zero ? 0 : Float.random(in: -0.1...0.1, using: &generator))
                    scales.append(zero ? -0.0 : Float.random(in: -1...1, using: &generator))
                }
            }
            var values: [Float] = []
            for index in 0..<shape.rows * shape.columns {
                let pair = index / shape.block * 2
                var level = Float(0)
                if narrow {
                    let byte = codes[index / 32 * 16 + index % 16]
                    level = shape.levels[Int(index % 32 < 16 ? byte & 15 : byte >> 4)]
                } else {
                    level = Float(Int8(bitPattern: codes[index]))
                }
                let product = level * scales[pair]
                values.append(product + scales[pair + 1])
            }
            let coded = try CodedRows(
                rows: shape.rows,
                columns: shape.columns,
                block: shape.block,
                levels: shape.levels,
                codes: codes,
                scales: scales
            )
            return (coded, Matrix(rows: shape.rows, columns: shape.columns, values: values))
        }

        @Test("are the same operand as their values", arguments: cases)
        func same(shape: Case) throws {
            let (coded, values) = try make(shape)
            let (short, plain) = (QuantizedMatrix(coded), try QuantizedMatrix(values))
            #expect(short.exponents == plain.exponents)
            #expect(short.integers.map(\.bitPattern) == plain.integers.map(\.bitPattern))
            #expect(short.byteCount < plain.byteCount)
            let ids: [UInt32] = [0, 2, 2, 1]
            #expect(try short.gather(ids) == plain.gather(ids))
            var order = Array(0..<shape.rows)
            order.reverse()
            let turned = QuantizedMatrix(try coded.reordered(order))
            #expect(turned.exponents == plain.exponents.reversed())
            #expect(
                Array(turned.integers.suffix(shape.columns))
                    == Array(plain.integers.prefix(shape.columns))
            )
        }

        @Test("give the same products both ways, on every backend", arguments: cases)
        func products(shape: Case) throws {
            let (coded, values) = try make(shape)
            let (short, plain) = (QuantizedMatrix(coded), try QuantizedMatrix(values))
            var generator = SeededGenerator(seed: 3)
            for rows in [1, 2, 4, 5, 8, 23, 170] {
                func random(_ columns: Int) -> Matrix {
                    let values = (0..<rows * columns).map { _ in
                        Float.random(in: -1...1, using: &generator)
                    }
                    return Matrix(rows: rows, columns: columns, values: values)
                }
                let left = try QuantizedMatrix(random(shape.columns))
                let back = random(shape.rows)
                var expected = ComputationTrace()
                let forward = try Contraction.product(left, transposed: plain, trace: &expected)
                let backward = try Contraction.product(back, plain, trace: &expected)
                for backend in BackendTests.present {
                    let before = try #require(ExactRuntime.backend)
                    try ExactRuntime.use(backend)
                    var trace = ComputationTrace()
                    #expect(
                        try Contraction.product(left, transposed: short, trace: &trace) == forward
                    )
                    #expect(try Contraction.product(back, short, trace: &trace) == backward)
                    #expect(trace == expected)
                    try ExactRuntime.use(before)
                }
            }
        }

        @Test("a shape or a magnitude without this form is refused")
        func refused() {
            func make(_ columns: Int, _ block: Int, _ scale: Float) throws(ExactMathError)
                -> CodedRows
            {
                try CodedRows(
                    rows: 1,
                    columns: columns,
                    block: block,
                    codes: [UInt8](repeating: 1, count: columns),
                    scales: (0..<columns / block * 2).map { _ in scale }
                )
            }
            #expect(throws: ExactMathError.outOfRange) { try make(48, 16, 1) }
            #expect(throws: ExactMathError.outOfRange) { try make(96, 48, 1) }
            #expect(throws: ExactMathError.outOfRange) { try make(32, 8, 1) }
            #expect(throws: ExactMathError.outOfRange) { try make(32, 16, 0x1p-100) }
            #expect(throws: ExactMathError.outOfRange) { try make(32, 16, 0x1p100) }
            #expect(throws: ExactMathError.notFinite) { try make(32, 16, .infinity) }
            #expect(throws: Never.self) { try make(32, 16, 1) }
        }
    }

}
