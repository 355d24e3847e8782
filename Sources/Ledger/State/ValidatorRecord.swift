package import Primitives

/// A registered validator, in the set or not.
package struct ValidatorRecord: Sendable, Hashable {
    package enum Status: Sendable, Hashable {
        case active
        /// Out of service until its owner unjails it, at this height or later.
        case jailed(until: Height)
        /// Out of service for good, for equivocation.
        case tombstoned
    }

    package let owner: Address
    package let key: PublicKey
    package let commissionPerMille: UInt16
    package var bonded: StakePool
    package var unbonding: StakePool
    /// Earned in this epoch; shared at its end.
    package var rewards: Amount
    package var status: Status
    /// Verdicts missed in a row.
    package var missedVerdicts: UInt16

    package init(owner: Address, key: PublicKey, commissionPerMille: UInt16) {
        self.owner = owner
        self.key = key
        self.commissionPerMille = commissionPerMille
        bonded = StakePool()
        unbonding = StakePool()
        rewards = .zero
        status = .active
        missedVerdicts = 0
    }

    /// Voting power: whole OPEN of stake.
    package var power: UInt64 {
        UInt64(clamping: bonded.tokens.units / Amount.unitsPerToken)
    }
}

extension ValidatorRecord: StateEntry {
    package var holdings: [Holding] {
        [
            Holding(.stake, bonded.tokens), Holding(.unbonding, unbonding.tokens),
            Holding(.rewards, rewards),
        ]
    }

    package func encode(to writer: inout BorshWriter) {
        writer.write(owner)
        writer.write(key)
        writer.write(commissionPerMille)
        writer.write(bonded)
        writer.write(unbonding)
        writer.write(rewards)
        switch status {
        case .active: writer.write(UInt8(0))
        case .jailed(let until):
            writer.write(UInt8(1))
            writer.write(until)
        case .tombstoned: writer.write(UInt8(2))
        }
        writer.write(missedVerdicts)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        owner = try Address(from: &reader)
        key = try PublicKey(from: &reader)
        commissionPerMille = try reader.readPerMille()
        bonded = try StakePool(from: &reader)
        unbonding = try StakePool(from: &reader)
        rewards = try Amount(from: &reader)
        switch try reader.readUInt8() {
        case 0: status = .active
        case 1: status = .jailed(until: try Height(from: &reader))
        case 2: status = .tombstoned
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
        missedVerdicts = try reader.readUInt16()
    }
}

/// The owners of all registered validators, in ascending order.
package struct CandidateList: Sendable, Hashable {
    package static let limit = 256
    package var owners: [Address]

    package init(owners: [Address]) { self.owners = owners.sorted() }
}

extension CandidateList: StateEntry {
    package func encode(to writer: inout BorshWriter) { writer.writeArray(owners) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        owners = try reader.readArray(limit: Self.limit)
    }
}

/// One delegator's part of a validator's stake.
package struct Delegation: Sendable, Hashable {
    package var shares: UInt128

    package init(shares: UInt128) { self.shares = shares }
}

extension Delegation: StateEntry {
    package func encode(to writer: inout BorshWriter) { writer.write(shares) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        shares = try reader.readUInt128()
    }
}

/// Stake on its way out. Its worth can still fall, when the validator is slashed meanwhile.
package struct Unbonding: Sendable, Hashable {
    package let validator: Address
    package let delegator: Address
    /// Of the validator's unbonding pool.
    package let shares: UInt128
    package let due: Height

    package init(validator: Address, delegator: Address, shares: UInt128, due: Height) {
        self.validator = validator
        self.delegator = delegator
        self.shares = shares
        self.due = due
    }
}

extension Unbonding: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.write(validator)
        writer.write(delegator)
        writer.write(shares)
        writer.write(due)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        validator = try Address(from: &reader)
        delegator = try Address(from: &reader)
        shares = try reader.readUInt128()
        due = try Height(from: &reader)
    }
}
