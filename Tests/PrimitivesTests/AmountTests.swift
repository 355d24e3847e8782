import Primitives
import TestSupport
import Testing

@Suite("Amount") struct AmountTests {
    @Test(
        "decimal text reads exactly",
        arguments: [
            ("0", UInt128(0)), ("1", 1_000_000_000_000_000_000), ("0.5", 500_000_000_000_000_000),
            ("3.250", 3_250_000_000_000_000_000), ("0.000000000000000001", 1),
            ("340282366920938463463.374607431768211455", UInt128.max),
        ]
    )
    func reads(text: String, units: UInt128) throws {
        #expect(try Amount(decimal: text).units == units)
    }

    @Test(
        "text that is not a plain decimal is refused",
        arguments: [
            ("", Amount.TextFailure.empty), (".5", .missingDigits), ("5.", .missingDigits),
            (".", .missingDigits), ("01", .leadingZero), ("00.1", .leadingZero),
            ("-1", .characterOutOfRange(offset: 0)), ("+1", .characterOutOfRange(offset: 0)),
            ("1e3", .characterOutOfRange(offset: 1)), ("1,5", .characterOutOfRange(offset: 1)),
            (" 1", .characterOutOfRange(offset: 0)), ("1.2.3", .characterOutOfRange(offset: 3)),
            ("١", .characterOutOfRange(offset: 0)), ("1.0000000000000000001", .tooManyDecimals(19)),
            ("340282366920938463463.374607431768211456", .overflow),
            ("340282366920938463464", .overflow),
        ]
    )
    func refuses(text: String, reason: Amount.TextFailure) {
        #expect(throws: reason) { try Amount(decimal: text) }
    }

    @Test("the written form is the shortest that reads back")
    func writes() throws {
        #expect(Amount(tokens: 12).decimal == "12")
        #expect(Amount(units: 1_500_000_000_000_000_000).decimal == "1.5")
        #expect(Amount(units: 1).decimal == "0.000000000000000001")
        #expect(Amount(units: .max).decimal == "340282366920938463463.374607431768211455")
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let shift = Int.random(in: 0..<128, using: &generator)
            let amount = Amount(units: UInt128.random(in: 0 ... .max, using: &generator) >> shift)
            #expect(try Amount(decimal: amount.decimal) == amount)
        }
    }

    @Test("scaling agrees with long division bit by bit, and reports overflow")
    func scaling() throws {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            let units = UInt128.random(in: 0 ... .max, using: &generator)
            let numerator = UInt64.random(in: 0 ... .max, using: &generator)
            let denominator = UInt64.random(in: 1 ... .max, using: &generator)
            let expected = longDivision(units, UInt128(numerator), UInt128(denominator))
            if let expected {
                #expect(
                    try Amount(units: units).scaled(by: numerator, over: denominator).units
                        == expected
                )
            } else {
                #expect(throws: Amount.Failure.overflow) {
                    try Amount(units: units).scaled(by: numerator, over: denominator)
                }
            }
        }
        #expect(try Amount(units: .max).scaled(by: .max, over: .max).units == .max)
        #expect(try Amount(units: 7).scaled(by: 2, over: 3).units == 4)
    }

    @Test("parts sum to the whole and differ from the exact share by less than one unit")
    func splitting() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let whole = UInt128.random(in: 0 ... .max, using: &generator)
            let count = Int.random(in: 1...40, using: &generator)
            let weights = (0..<count).map { _ in
                UInt64.random(in: 0 ... .max, using: &generator)
                    >> UInt64.random(in: 0..<64, using: &generator)
            }
            let total = weights.reduce(UInt128(0)) { $0 + UInt128($1) }
            guard total > 0 else { continue }
            let parts = try Amount(units: whole).split(weights: weights)
            #expect(parts.reduce(UInt128(0)) { $0 + $1.units } == whole)
            for (part, weight) in zip(parts, weights) {
                let floor = try #require(longDivision(whole, UInt128(weight), total))
                #expect(part.units == floor || part.units == floor + 1)
            }
        }
    }

    @Test("the largest remainders get the units that are left, the earlier one first")
    func remainders() throws {
        let split = { (units: UInt128, weights: [UInt64]) in
            try Amount(units: units).split(weights: weights).map(\.units)
        }
        #expect(try split(10, [1, 1, 1]) == [4, 3, 3])
        #expect(try split(11, [1, 1, 1]) == [4, 4, 3])
        #expect(try split(10, [1, 3, 2]) == [2, 5, 3])
        #expect(try split(1, [0, 1, 1]) == [0, 1, 0])
        #expect(try split(0, [5, 6]) == [0, 0])
        #expect(throws: Amount.Failure.noWeight) { try split(10, []) }
        #expect(throws: Amount.Failure.noWeight) { try split(10, [0, 0]) }
    }

    /// `units · numerator / denominator` by shifting and subtracting; nil on overflow.
    private func longDivision(
        _ units: UInt128,
        _ numerator: UInt128,
        _ denominator: UInt128
    ) -> UInt128? {
        let product = units.multipliedFullWidth(by: numerator)
        var rest: UInt128 = 0
        var quotient: UInt128 = 0
        for bit in (0..<256).reversed() {
            let word = bit < 128 ? product.low : product.high
            let carry = rest >> 127
            rest = rest << 1 | (word >> (bit % 128) & 1)
            guard quotient >> 127 == 0 else { return nil }
            quotient <<= 1
            if carry == 1 || rest >= denominator {
                rest &-= denominator
                quotient |= 1
            }
        }
        return quotient
    }
}
