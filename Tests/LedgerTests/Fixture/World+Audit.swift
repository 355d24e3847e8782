import Ledger
import Primitives

extension World {
    /// What the state holds by category, counted entry by entry.
    func audited() throws -> SupplyTotals {
        var totals: [SupplyCategory: Amount] = [:]
        for (key, value) in state.values {
            for holding in try holdings(key, value) {
                totals[holding.category] = try (totals[holding.category] ?? .zero)
                    .adding(holding.amount)
            }
        }
        var writer = BorshWriter()
        writer.writeArray(SupplyCategory.allCases.map { totals[$0] ?? .zero })
        return try SupplyTotals(borsh: writer.bytes)
    }

    private func holdings(_ key: [UInt8], _ value: [UInt8]) throws -> [Holding] {
        if key == StateKey.pools { return try Pools(borsh: value).holdings }
        let prefix = String(decoding: key.prefix { $0 != 0x2f }, as: UTF8.self)
        switch prefix {
        case "a": return try Account(borsh: value).holdings
        case "v": return try ValidatorRecord(borsh: value).holdings
        case "cb": return try ContributorBond(borsh: value).holdings
        case "p": return try Adapter(borsh: value).holdings
        case "k": return try Claim(borsh: value).holdings
        case "ch": return try Channel(borsh: value).holdings
        case "vest": return try Vesting(borsh: value).holdings
        default: return []
        }
    }
}
