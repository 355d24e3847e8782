import CExactMath
import ExactMath
import TestSupport
import Testing

/// Finite values over the whole range of float32 exponents, so that rows hold wild mixtures.
private func wildMatrix(_ rows: Int, _ columns: Int, _ generator: inout SeededGenerator) -> Matrix {
    let spread = Float.random(in: 0...40, using: &generator)
    let values = (0..<rows * columns).map { _ in
        let exponent = Float.random(in: -spread...spread, using: &generator)
        return Float.random(in: -1...1, using: &generator)
            * Float(sign: .plus, exponent: Int(exponent), significand: 1)
    }
    return Matrix(rows: rows, columns: columns, values: values)
}

private func reference(
    _ a: QuantizedMatrix,
    transposed b: QuantizedMatrix
) -> (values: [Float], trace: UInt64, status: xm_status) {
    var values = [Float](repeating: 0, count: a.rows * b.rows)
    var trace: UInt64 = 0
    let status = unsafe xm_contract_reference(
        a.integers,
        a.exponents,
        a.rows,
        b.integers,
        b.exponents,
        b.rows,
        a.columns,
        &values,
        &trace
    )
    return (values, trace, status)
}

@Suite("Contraction")
struct ContractionTests {
    @Test(
        "equals the integer definition on every bit, sums included",
        arguments: [
            (1, 1, 1), (1, 7, 300), (3, 5, 64), (4, 33, 4096), (5, 33, 4097), (17, 130, 576),
            (2, 3, 8200), (6, 2, 12300), (9, 4, 0), (64, 48, 31),
        ]
    )
    func matchesReference(shape: (m: Int, n: Int, k: Int)) throws {
        var generator = SeededGenerator(seed: UInt64(shape.m * 1000 + shape.k))
        let a = try QuantizedMatrix(wildMatrix(shape.m, shape.k, &generator))
        let b = try QuantizedMatrix(wildMatrix(shape.n, shape.k, &generator))
        var trace = ComputationTrace()
        let product = try Contraction.product(a, transposed: b, trace: &trace)
        let expected = reference(a, transposed: b)
        #expect(expected.status == XM_OK)
        #expect(product.values == expected.values)
        #expect(trace.words == [expected.trace])
    }

    @Test(
        "folded equals the integer definition on every bit",
        arguments: [
            (1, 7, 300), (3, 5, 64), (5, 33, 4097), (17, 130, 576), (2, 4100, 70), (1, 3, 9000),
        ]
    )
    func matchesFoldedReference(shape: (m: Int, n: Int, k: Int)) throws {
        var generator = SeededGenerator(seed: UInt64(shape.n))
        let y = wildMatrix(shape.m, shape.k, &generator)
        let w = try QuantizedMatrix(wildMatrix(shape.k, shape.n, &generator))
        var trace = ComputationTrace()
        let product = try Contraction.product(y, w, trace: &trace)

        var q = [Float](repeating: 0, count: y.values.count)
        var exponents = [Int32](repeating: 0, count: shape.m)
        var expected = [Float](repeating: 0, count: shape.m * shape.n)
        var word: UInt64 = 0
        #expect(
            unsafe xm_quantize_folded(y.values, shape.m, shape.k, w.exponents, &q, &exponents)
                == XM_OK
        )
        #expect(
            unsafe xm_contract_folded_reference(
                q,
                exponents,
                shape.m,
                w.integers,
                shape.n,
                shape.k,
                &expected,
                &word
            ) == XM_OK
        )
        #expect(product.values == expected)
        #expect(trace.words == [word])
    }

    @Test("stays exact when every product has the largest magnitude")
    func largestMagnitudes() throws {
        // 0.99999994 rounds up to 2^20 at 20 bits.
        let ones = Matrix(
            rows: 5,
            columns: 9000,
            values: .init(repeating: 1 - 0x1p-24, count: 45000)
        )
        let q = try QuantizedMatrix(ones)
        #expect(q.integers.allSatisfy { $0 == 0x1p20 })
        #expect(try Contraction.sums(q, transposed: q).allSatisfy { $0 == 9000 << 40 })
        #expect(try Contraction.product(q, transposed: q).values.allSatisfy { $0 == 9000 })
    }

    @Test("a row alone has the bits of the row in a batch", arguments: [64, 576, 5000])
    func rowAlone(columns: Int) throws {
        var generator = SeededGenerator(seed: 4)
        let a = wildMatrix(23, columns, &generator)
        let b = try QuantizedMatrix(wildMatrix(40, columns, &generator))
        let batch = try Contraction.product(QuantizedMatrix(a), transposed: b)
        for row in 0..<a.rows {
            let one = Matrix(rows: 1, columns: columns, values: a.row(row))
            let alone = try Contraction.product(QuantizedMatrix(one), transposed: b)
            #expect(alone.values == batch.row(row))
        }
    }

    @Test("rounds rows to fixed point, ties to even, zeros without scale")
    func quantises() throws {
        let x = Matrix(
            rows: 3,
            columns: 4,
            values: [1, -0.5, 0x1p-20, 0x1.8p-19, 0, -0, 0, 0, 0x1p-149, 0, 0, -0x1p-149]
        )
        let q = try QuantizedMatrix(x)
        #expect(q.exponents == [1, 0, -148])
        #expect(q.integers == [0x1p19, -0x1p18, 0, 2, 0, 0, 0, 0, 0x1p19, 0, 0, -0x1p19])
        #expect(q.integers.allSatisfy { $0 != 0 || $0.sign == .plus })
    }

    @Test("refuses NaN and infinity, and a product that overflows")
    func refuses() throws {
        for bad in [Float.nan, .infinity, -.infinity] {
            #expect(throws: ExactMathError.notFinite) {
                try QuantizedMatrix(Matrix(rows: 1, columns: 2, values: [1, bad]))
            }
        }
        let huge = try QuantizedMatrix(Matrix(rows: 1, columns: 2, values: [0x1p127, 0x1p127]))
        #expect(throws: ExactMathError.notFinite) {
            try Contraction.product(huge, transposed: huge)
        }
        #expect(reference(huge, transposed: huge).status == XM_NOT_FINITE)
    }

    @Test("rows of an embedding come back within half a unit of their fixed point")
    func gathers() throws {
        var generator = SeededGenerator(seed: 9)
        let table = wildMatrix(5, 16, &generator)
        let q = try QuantizedMatrix(table)
        let rows = try q.gather([4, 0, 4])
        for (index, id) in [4, 0, 4].enumerated() {
            let unit = Float(sign: .plus, exponent: Int(q.exponents[id]) - 21, significand: 1)
            for (found, expected) in zip(rows.row(index), table.row(id)) {
                #expect(abs(found - expected) <= unit)
            }
        }
        #expect(throws: ExactMathError.outOfRange) { try q.gather([5]) }
    }
}
