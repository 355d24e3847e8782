import CExactMath
import ExactMath
import Foundation
import Primitives
import TestSupport
import Testing

@Suite("Elementary functions")
struct FunctionTests {
    @Test("the start-up job has the pinned hash, twice")
    func selfCheck() throws {
        try ExactRuntime.selfCheck()
        ExactRuntime.setThreads(2)
        try ExactRuntime.selfCheck()
        ExactRuntime.setThreads(1)
    }

    @Test("another rounding mode is noticed")
    func environment() {
        #expect(xm_environment_is_exact())
        let upward = fesetround(FE_UPWARD)
        let noticed = !xm_environment_is_exact()
        #expect(fesetround(FE_TONEAREST) == 0)
        #expect(upward == 0 && noticed)
        #expect(xm_environment_is_exact())
    }

    /// Every 257th float32, which reaches every exponent and both signs; `make exhaustive` has all.
    @Test(
        "one pinned hash over inputs of every magnitude",
        arguments: zip(0..<XM_UNARY_COUNT.rawValue, FunctionTests.pinned)
    )
    func pinnedHash(function: UInt32, expected: UInt64) {
        var hash: UInt64 = 0
        let count: UInt64 = (1 << 32) / 257
        #expect(unsafe xm_hash_unary(xm_unary(function), 0, count, 257, &hash) == XM_OK)
        #expect(hash == expected, "\(String(hash, radix: 16))")
    }

    @Test("no function is left without a pinned hash")
    func complete() {
        #expect(FunctionTests.pinned.count == Int(XM_UNARY_COUNT.rawValue))
        var hash: UInt64 = 0
        #expect(unsafe xm_hash_unary(XM_UNARY_COUNT, 0, 1, 1, &hash) == XM_OUT_OF_RANGE)
    }

    static let pinned: [UInt64] = [
        0x89a8_8320_88bb_3f09, 0x34bf_c3f2_74b8_0e09, 0xe079_83d0_e080_5ea9,
        0xb4e0_3709_8b94_e472, 0x3cab_f948_919a_070a, 0x26df_d576_99b1_41a1,
        0x7e4b_1361_7d6c_5cf1, 0x0650_7799_85b7_e552,
    ]

    @Test("exp, log, sin and cos are within one unit of the last place of the true value")
    func accuracy() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let x = Float.random(in: -87...88, using: &generator)
            #expect(abs(xm_exp(x) - Float(exp(Double(x)))) <= xm_exp(x).ulp)
            let angle = Float.random(in: -100_000...100_000, using: &generator)
            #expect(abs(xm_sin(angle) - Float(sin(Double(angle)))) <= xm_sin(angle).ulp)
            #expect(abs(xm_cos(angle) - Float(cos(Double(angle)))) <= xm_cos(angle).ulp)
            let positive = Float(bitPattern: UInt32.random(in: 1..<0x7f80_0000, using: &generator))
            #expect(abs(xm_log(positive) - Float(log(Double(positive)))) <= xm_log(positive).ulp)
            let wide = Double(x) * 8
            #expect(abs(Elementary.exp(wide) / exp(wide) - 1) <= 0x1p-50)
        }
    }

    @Test("special values")
    func specialValues() {
        #expect(xm_exp(.infinity) == .infinity && xm_exp(-.infinity) == 0 && xm_exp(0) == 1)
        #expect(xm_exp(.nan).isNaN && xm_log(.nan).isNaN && xm_sin(.nan).isNaN)
        #expect(xm_log(0) == -.infinity && xm_log(-1).isNaN && xm_log(1) == 0)
        #expect(xm_sin(0x1p25).isNaN && xm_cos(-0x1p25).isNaN && xm_cos(0) == 1)
    }
}

@Suite("Keyed random integers")
struct KeyedGeneratorTests {
    @Test("the key stream is ChaCha20's: RFC 8439, section 2.3.2")
    func rfcVector() throws {
        let key = try #require(Digest(0..<32))
        let generator = KeyedGenerator(seed: key, domain: 0, stream: 0x4a00_0000_0900_0000)
        let bytes = generator.words(from: 8, count: 8).flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
        #expect(
            Hex.encode(bytes)
                == "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
                + "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"
        )
    }

    @Test("words one by one are the words at once, and streams differ")
    func sequential() {
        var generator = KeyedGenerator(seed: .zero, domain: 3, stream: 5)
        let expected = generator.words(from: 0, count: 150)
        #expect((0..<150).map { _ in generator.next() } == expected)
        #expect(
            KeyedGenerator(seed: .zero, domain: 3, stream: 6).words(from: 0, count: 1) != [
                expected[0]
            ]
        )
        #expect(
            KeyedGenerator(seed: .zero, domain: 4, stream: 5).words(from: 0, count: 1) != [
                expected[0]
            ]
        )
    }

    @Test("bounded numbers cover their range evenly, and permutations are permutations")
    func bounded() {
        var generator = KeyedGenerator(seed: .zero, domain: 0)
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<6000 { counts[Int(generator.next(below: 6))] += 1 }
        #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
        #expect(generator.permutation(100).sorted() == Array(0..<100))
        let values = (0..<1000).map { _ in generator.nextSymmetric() }
        #expect(values.allSatisfy { (-1..<1).contains($0) } && values.contains { $0 < -0.9 })
    }
}

@Suite("Linear systems and fixed point")
struct LinearSystemTests {
    @Test("a factor solves its system", arguments: [1, 7, 33])
    func solves(order: Int) throws {
        var generator = SeededGenerator(seed: UInt64(order))
        let x = (0..<order * order).map { _ in Double.random(in: -1...1, using: &generator) }
        var a = [Double](repeating: 0, count: order * order)
        for i in 0..<order {
            for j in 0..<order {
                a[i * order + j] = i == j ? 0.1 : 0
                for p in 0..<order { a[i * order + j] += x[i * order + p] * x[j * order + p] }
            }
        }
        let factor = try CholeskyFactor(of: a, order: order)
        let right = (0..<2 * order).map { _ in Double.random(in: -1...1, using: &generator) }
        let solved = try factor.solve(right)
        for row in 0..<2 {
            for i in 0..<order {
                let back = (0..<order).reduce(0) {
                    $0 + a[i * order + $1] * solved[row * order + $1]
                }
                #expect(abs(back - right[row * order + i]) < 1e-9)
            }
        }
    }

    @Test("a matrix that is not positive definite has no factor")
    func indefinite() {
        #expect(throws: ExactMathError.notPositiveDefinite) {
            try CholeskyFactor(of: [1, 2, 2, 1], order: 2)
        }
        #expect(throws: ExactMathError.notFinite) { try CholeskyFactor(of: [.nan], order: 1) }
    }

    @Test("8-bit rows round ties to even and saturate at 127")
    func fixedPoint() throws {
        let x = Matrix(
            rows: 3,
            columns: 3,
            values: [127.75, -127.75, 0.5, 64.5, 65.5, -1, 0, 0, 0]
        )
        let fixed = try FixedPointRows(x, bits: 8)
        #expect(fixed.exponents == [7, 7, 0])
        #expect(fixed.integers == [127, -127, 0, 64, 66, -1, 0, 0, 0])
        let wide = try FixedPointRows(
            rows: 3,
            columns: 3,
            values: x.values.map(Double.init),
            bits: 8
        )
        #expect(wide == fixed)
    }

    @Test("sign projections and integer products equal their definitions")
    func integerSums() throws {
        var generator = SeededGenerator(seed: 2)
        let left = (0..<3 * 50).map { _ in
            Int32.random(in: -8_000_000...8_000_000, using: &generator)
        }
        let signs = KeyedGenerator(seed: .zero, domain: 9)
        let found = try IntegerProducts.projected(left, rows: 3, columns: 50, signs: signs, to: 70)
        let words = signs.words(from: 0, count: 100)
        let right = (0..<4 * 50).map { _ in Int8.random(in: -127...127, using: &generator) }
        let sums = try IntegerProducts.sums(left, rows: 3, right, rows: 4, columns: 50)
        for row in 0..<3 {
            for column in 0..<70 {
                var expected: Int64 = 0
                for i in 0..<50 {
                    let minus = words[2 * i + column / 64] >> UInt64(column % 64) & 1 == 1
                    expected += Int64(left[row * 50 + i]) * (minus ? -1 : 1)
                }
                #expect(found[row * 70 + column] == expected)
            }
            for other in 0..<4 {
                var expected: Int64 = 0
                for p in 0..<50 {
                    expected += Int64(left[row * 50 + p]) * Int64(right[other * 50 + p])
                }
                #expect(sums[row * 4 + other] == expected)
            }
        }
    }
}
