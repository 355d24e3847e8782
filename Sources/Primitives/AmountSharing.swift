// Dividing money. Products are kept in full width, so nothing is lost before the final rounding.

extension Amount {
    /// `self · numerator / denominator`, rounded down.
    /// - Precondition: the denominator is not zero.
    package func scaled(
        by numerator: UInt64,
        over denominator: UInt64
    ) throws(Failure) -> Amount {
        try scaled(by: UInt128(numerator), over: UInt128(denominator))
    }

    /// `self · numerator / denominator`, rounded down.
    /// - Precondition: the denominator is not zero.
    @_disfavoredOverload
    package func scaled(
        by numerator: UInt128,
        over denominator: UInt128
    ) throws(Failure) -> Amount {
        let product = units.multipliedFullWidth(by: numerator)
        guard product.high < denominator else { throw .overflow }
        return Amount(units: denominator.dividingFullWidth(product).quotient)
    }

    /// Splits in proportion to the weights; the parts always sum to the whole.
    ///
    /// Largest remainder: each part is rounded down, and the units that are left go one each to the
    /// parts that lost most, the earlier one first where two lost the same.
    package func split(weights: [UInt64]) throws(Failure) -> [Amount] {
        try split(weights: weights.map { UInt128($0) })
    }

    @_disfavoredOverload
    package func split(weights: [UInt128]) throws(Failure) -> [Amount] {
        var total: UInt128 = 0
        for weight in weights {
            let (sum, overflow) = total.addingReportingOverflow(weight)
            guard !overflow else { throw .overflow }
            total = sum
        }
        guard total > 0 else { throw .noWeight }
        var left = units
        // A weight is at most the total, so no quotient exceeds the whole.
        var parts = weights.map { weight in
            total.dividingFullWidth(units.multipliedFullWidth(by: weight))
        }
        for part in parts { left -= part.quotient }
        let order = parts.indices.sorted {
            (parts[$1].remainder, $0) < (parts[$0].remainder, $1)
        }
        for index in order.prefix(Int(left)) { parts[index].quotient += 1 }
        return parts.map { Amount(units: $0.quotient) }
    }
}
