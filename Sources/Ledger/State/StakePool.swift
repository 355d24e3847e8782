package import Primitives

/// Tokens that many own by shares. A slash or a reward changes the tokens and leaves the shares,
/// so it reaches every owner in proportion without touching any of them.
package struct StakePool: Sendable, Hashable {
    package private(set) var tokens: Amount
    package private(set) var shares: UInt128

    package init() {
        tokens = .zero
        shares = 0
    }

    /// False after a slash of everything: the remaining shares are worth nothing.
    package var acceptsDeposits: Bool { tokens > .zero || shares == 0 }

    /// Puts tokens in, and returns the new shares: rounded down, in favour of those inside.
    /// - Precondition: `acceptsDeposits`.
    package mutating func deposit(_ amount: Amount) throws(Amount.Failure) -> UInt128 {
        precondition(acceptsDeposits)
        let minted =
            shares == 0
            ? amount.units
            : try Amount(units: shares).scaled(by: amount.units, over: tokens.units).units
        let (sum, overflow) = shares.addingReportingOverflow(minted)
        guard !overflow else { throw .overflow }
        tokens = try tokens.adding(amount)
        shares = sum
        return minted
    }

    /// What these shares are worth now, rounded down.
    /// - Precondition: `count <= shares`.
    package func worth(_ count: UInt128) throws(Amount.Failure) -> Amount {
        precondition(count <= shares)
        return shares == 0 ? .zero : try tokens.scaled(by: count, over: shares)
    }

    /// The fewest shares that are worth at least this amount, or nil when all are worth less.
    package func shares(worth amount: Amount) throws(Amount.Failure) -> UInt128? {
        guard amount <= tokens, tokens > .zero else { return nil }
        let down = try Amount(units: shares).scaled(by: amount.units, over: tokens.units).units
        return try worth(down) < amount ? down + 1 : down
    }

    /// Takes shares out, and returns their worth.
    /// - Precondition: `count <= shares`.
    package mutating func withdraw(_ count: UInt128) throws(Amount.Failure) -> Amount {
        let amount = try worth(count)
        tokens = try tokens.subtracting(amount)
        shares -= count
        return amount
    }

    /// Takes up to `amount` from all owners, and returns what was there.
    package mutating func slash(_ amount: Amount) throws(Amount.Failure) -> Amount {
        let taken = min(amount, tokens)
        tokens = try tokens.subtracting(taken)
        return taken
    }

    /// Adds tokens for all owners.
    package mutating func reward(_ amount: Amount) throws(Amount.Failure) {
        tokens = try tokens.adding(amount)
    }
}

extension StakePool: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(tokens)
        writer.write(shares)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        tokens = try Amount(from: &reader)
        shares = try reader.readUInt128()
    }
}
