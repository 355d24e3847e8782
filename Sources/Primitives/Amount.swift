// Money. Every operation reports overflow as an error; nothing wraps and nothing traps.

/// An amount of OPEN in units of 10^-18.
package struct Amount: Sendable, Hashable, Comparable {
    package enum Failure: Error, Equatable {
        case overflow
        case insufficient(available: Amount, needed: Amount)
        /// Nothing says who should receive the parts.
        case noWeight
    }

    package let units: UInt128

    package init(units: UInt128) { self.units = units }

    /// - Precondition: `tokens` is at most the total supply, 10^9.
    package init(tokens: UInt64) { units = UInt128(tokens) * Self.unitsPerToken }

    package static let unitsPerToken: UInt128 = 1_000_000_000_000_000_000
    package static let zero = Amount(units: 0)

    package func adding(_ other: Amount) throws(Failure) -> Amount {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        guard !overflow else { throw .overflow }
        return Amount(units: sum)
    }

    package func subtracting(_ other: Amount) throws(Failure) -> Amount {
        guard other <= self else { throw .insufficient(available: self, needed: other) }
        return Amount(units: units - other.units)
    }

    package static func < (left: Amount, right: Amount) -> Bool { left.units < right.units }
}

extension Amount: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.write(units) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        units = try reader.readUInt128()
    }
}
