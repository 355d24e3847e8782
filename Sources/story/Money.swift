/// An amount of OPEN as the story shows and adds it.
package struct Money: Equatable, Comparable, CustomStringConvertible {
    package static let unitsPerToken: UInt128 = 1_000_000_000_000_000_000

    package let units: UInt128

    package init(units: UInt128) { self.units = units }

    /// At most six decimals; the figures in the report are exact.
    package var description: String {
        let micro = units / 1_000_000_000_000
        let decimals = String(micro % 1_000_000)
        let padded = String(repeating: "0", count: 6 - decimals.count) + decimals
        let trimmed = padded.reversed().drop { $0 == "0" }.reversed()
        return trimmed.isEmpty
            ? String(micro / 1_000_000) : "\(micro / 1_000_000).\(String(trimmed))"
    }

    package static func < (left: Money, right: Money) -> Bool { left.units < right.units }

    package static func + (left: Money, right: Money) -> Money {
        Money(units: left.units + right.units)
    }

    /// The difference with its sign, for a reader.
    package static func change(from before: Money, to after: Money) -> String {
        after >= before
            ? "+\(Money(units: after.units - before.units))"
            : "-\(Money(units: before.units - after.units))"
    }
}
