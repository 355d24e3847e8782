package import Primitives

/// Who got what from a settlement.
package struct Settlement: Sendable, Hashable {
    package enum Role: UInt8, Sendable, Hashable, CaseIterable {
        case contributor = 0
        case datanetOwner = 1
        case adapterOwner = 2
        case modelOwner = 3
        case provider = 4
        case validator = 5
        case treasury = 6
        /// Lost by a contributor whose net influence was negative.
        case slash = 7
    }

    package struct Payout: Sendable, Hashable {
        package let role: Role
        package let account: Address
        package let amount: Amount

        package init(role: Role, account: Address, amount: Amount) {
            self.role = role
            self.account = account
            self.amount = amount
        }
    }

    package static let payoutLimit = 65_536

    package let provider: Address
    package let adapter: Digest
    package let inferenceClaim: Digest
    package let attributionClaim: Digest
    package let total: Amount
    package let rows: UInt32
    package let settled: Height
    /// All but the slashes sum to `total`.
    package let payouts: [Payout]

    package init(
        provider: Address,
        adapter: Digest,
        inferenceClaim: Digest,
        attributionClaim: Digest,
        total: Amount,
        rows: UInt32,
        settled: Height,
        payouts: [Payout]
    ) {
        self.provider = provider
        self.adapter = adapter
        self.inferenceClaim = inferenceClaim
        self.attributionClaim = attributionClaim
        self.total = total
        self.rows = rows
        self.settled = settled
        self.payouts = payouts
    }
}

extension Settlement: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.write(provider)
        writer.write(adapter)
        writer.write(inferenceClaim)
        writer.write(attributionClaim)
        writer.write(total)
        writer.write(rows)
        writer.write(settled)
        writer.writeArray(payouts)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        provider = try Address(from: &reader)
        adapter = try Digest(from: &reader)
        inferenceClaim = try Digest(from: &reader)
        attributionClaim = try Digest(from: &reader)
        total = try Amount(from: &reader)
        rows = try reader.readUInt32()
        settled = try Height(from: &reader)
        payouts = try reader.readArray(limit: Self.payoutLimit)
    }
}

extension Settlement.Payout: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(role.rawValue)
        writer.write(account)
        writer.write(amount)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let tag = try reader.readUInt8()
        guard let role = Settlement.Role(rawValue: tag) else {
            throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
        self.role = role
        account = try Address(from: &reader)
        amount = try Amount(from: &reader)
    }
}

/// Earnings of one settlement that are not free yet.
package struct Vesting: Sendable, Hashable {
    package let payouts: [Settlement.Payout]
    package let due: Height

    package init(payouts: [Settlement.Payout], due: Height) {
        self.payouts = payouts
        self.due = due
    }
}

extension Vesting: StateEntry {
    package var holdings: [Holding] { payouts.map { Holding(.vesting, $0.amount) } }

    package func encode(to writer: inout BorshWriter) {
        writer.writeArray(payouts)
        writer.write(due)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        payouts = try reader.readArray(limit: Settlement.payoutLimit)
        due = try Height(from: &reader)
    }
}
