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

    /// A hot key that waits for its time.
    package struct NextKey: Sendable, Hashable {
        package let key: PublicKey
        /// When it was named.
        package let since: Height

        package init(key: PublicKey, since: Height) {
            self.key = key
            self.since = since
        }
    }

    package let owner: Address
    package let registered: Height
    package var key: PublicKey
    package var nextKey: NextKey?
    package var commissionPerMille: UInt16
    /// When the commission was last chosen.
    package var commissionSince: Height
    package var bonded: StakePool
    package var unbonding: StakePool
    /// Earned in this epoch; shared at its end.
    package var rewards: Amount
    package var status: Status
    /// Verdicts missed in a row.
    package var missedVerdicts: UInt16
    package var missedVotes: MissedVotes
    /// The protocol version that its owner says it is ready for; 0 for none.
    package var readyVersion: UInt32

    package init(
        owner: Address,
        key: PublicKey,
        commissionPerMille: UInt16,
        registered: Height = .genesis
    ) {
        self.owner = owner
        self.registered = registered
        self.key = key
        nextKey = nil
        self.commissionPerMille = commissionPerMille
        commissionSince = registered
        bonded = StakePool()
        unbonding = StakePool()
        rewards = .zero
        status = .active
        missedVerdicts = 0
        missedVotes = MissedVotes()
        readyVersion = 0
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
        writer.write(registered)
        writer.write(key)
        writer.writeOptional(nextKey)
        writer.write(commissionPerMille)
        writer.write(commissionSince)
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
        writer.write(missedVotes)
        writer.write(readyVersion)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        owner = try Address(from: &reader)
        registered = try Height(from: &reader)
        key = try PublicKey(from: &reader)
        nextKey = try reader.readOptional()
        commissionPerMille = try reader.readPerMille()
        commissionSince = try Height(from: &reader)
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
        missedVotes = try MissedVotes(from: &reader)
        readyVersion = try reader.readUInt32()
    }
}

extension ValidatorRecord.NextKey: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(key)
        writer.write(since)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        key = try PublicKey(from: &reader)
        since = try Height(from: &reader)
    }
}

/// The owners of all validators that may be chosen, in ascending order.
package struct CandidateList: Sendable, Hashable {
    package static let limit = 256
    package var owners: [Address]

    package init(owners: [Address]) { self.owners = owners.sorted() }

    package func contains(_ owner: Address) -> Bool { owners.contains(owner) }
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
