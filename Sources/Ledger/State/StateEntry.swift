package import Primitives

/// Where OPEN can be. The amounts of all categories sum to the supply after every block.
package enum SupplyCategory: UInt8, Sendable, Hashable, CaseIterable {
    case balances = 0
    case stake = 1
    case unbonding = 2
    /// Rewards of validators that wait for the end of the epoch.
    case rewards = 3
    /// Bonds of contributions, adapters, claims and challenges, and fees for verification.
    case bonds = 4
    case channels = 5
    case vesting = 6
    case treasury = 7
    case rewardPool = 8
}

/// Money that a state entry holds.
package struct Holding: Sendable, Hashable {
    package let category: SupplyCategory
    package let amount: Amount

    package init(_ category: SupplyCategory, _ amount: Amount) {
        self.category = category
        self.amount = amount
    }
}

/// A typed value of the state. Whatever it holds counts towards the supply, because every write
/// compares the holdings of the old value with those of the new one.
package protocol StateEntry: BorshCodable, Sendable {
    var holdings: [Holding] { get }
}

extension StateEntry {
    package var holdings: [Holding] { [] }
}

/// How much OPEN is in each category.
package struct SupplyTotals: Sendable, Hashable {
    /// By the category's tag.
    private var amounts: [Amount]

    package init() {
        amounts = SupplyCategory.allCases.map { _ in .zero }
    }

    package subscript(category: SupplyCategory) -> Amount { amounts[Int(category.rawValue)] }

    package func sum() throws(Amount.Failure) -> Amount {
        var total = Amount.zero
        for amount in amounts { total = try total.adding(amount) }
        return total
    }

    mutating func add(_ holdings: [Holding]) throws(Amount.Failure) {
        for holding in holdings {
            let place = Int(holding.category.rawValue)
            amounts[place] = try amounts[place].adding(holding.amount)
        }
    }

    mutating func remove(_ holdings: [Holding]) throws(Amount.Failure) {
        for holding in holdings {
            let place = Int(holding.category.rawValue)
            amounts[place] = try amounts[place].subtracting(holding.amount)
        }
    }
}

extension SupplyTotals: StateEntry {
    package func encode(to writer: inout BorshWriter) { writer.writeArray(amounts) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let count = SupplyCategory.allCases.count
        amounts = try reader.readArray(limit: count)
        try reader.require(amounts.count == count, "supply totals")
    }
}
