// Validators and those who delegate to them.

import Cryptography
import Primitives

extension BlockMachine {
    mutating func registerValidator(
        _ body: RegisterValidator,
        by owner: Address
    ) throws(Abort) {
        guard try load(ValidatorRecord.self, at: StateKey.validator(owner)) == nil else {
            throw .refused(.alreadyValidator)
        }
        guard body.stake >= parameters.staking.minimumStake else { throw .refused(.stakeTooSmall) }
        try checkNewKey(body.key, proof: body.proof, owner: owner)
        try addCandidate(owner)
        try store(owner, at: StateKey.validatorKey(body.key))
        let validator = ValidatorRecord(
            owner: owner,
            key: body.key,
            commissionPerMille: body.commissionPerMille,
            registered: height
        )
        try bond(body.stake, of: owner, to: validator)
        emit(
            .validatorRegistered,
            [(.validator, .address(owner)), (.amount, .amount(body.stake))]
        )
    }

    mutating func delegate(_ body: Delegate, by delegator: Address) throws(Abort) {
        guard body.amount > .zero else { throw .refused(.amountZero) }
        let validator: ValidatorRecord = try load(
            at: StateKey.validator(body.validator),
            or: .unknownValidator
        )
        guard validator.status != .tombstoned, validator.bonded.acceptsDeposits else {
            throw .refused(.validatorTombstoned)
        }
        let minimum = parameters.staking.minimumStake
        if validator.bonded.tokens < minimum,
            try validator.bonded.tokens.plus(body.amount) >= minimum
        {
            try addCandidate(body.validator)
        }
        try bond(body.amount, of: delegator, to: validator)
        emit(
            .delegated,
            [
                (.validator, .address(body.validator)), (.account, .address(delegator)),
                (.amount, .amount(body.amount)),
            ]
        )
    }

    /// Puts an owner on the list of those who may be chosen, unless it is there.
    private mutating func addCandidate(_ owner: Address) throws(Abort) {
        let list: CandidateList = try loadKnown(at: StateKey.candidates)
        guard !list.contains(owner) else { return }
        guard list.owners.count < Int(parameters.staking.maxCandidates) else {
            throw .refused(.tooManyValidators)
        }
        try store(CandidateList(owners: list.owners + [owner]), at: StateKey.candidates)
    }

    private mutating func bond(
        _ amount: Amount,
        of delegator: Address,
        to record: ValidatorRecord
    ) throws(Abort) {
        try debit(delegator, amount)
        var validator = record
        let minted: UInt128
        do { minted = try validator.bonded.deposit(amount) } catch { throw .refused(.overflow) }
        guard minted > 0 else { throw .refused(.stakeTooSmall) }
        let key = StateKey.delegation(validator.owner, delegator)
        let held = try load(Delegation.self, at: key)?.shares ?? 0
        try store(Delegation(shares: held + minted), at: key)
        try store(validator, at: StateKey.validator(validator.owner))
    }

    mutating func undelegate(_ body: Undelegate, by delegator: Address) throws(Abort) {
        guard body.amount > .zero else { throw .refused(.amountZero) }
        var validator: ValidatorRecord = try load(
            at: StateKey.validator(body.validator),
            or: .unknownValidator
        )
        let key = StateKey.delegation(body.validator, delegator)
        let held: Delegation = try load(at: key, or: .insufficientStake)
        let count: UInt128
        do { count = try validator.bonded.shares(worth: body.amount) ?? .max } catch {
            throw .failed(.arithmetic)
        }
        guard count <= held.shares else { throw .refused(.insufficientStake) }
        guard validator.unbonding.acceptsDeposits else { throw .refused(.validatorTombstoned) }
        let moved = Unbonding(
            validator: body.validator,
            delegator: delegator,
            shares: try move(count, to: &validator.unbonding, from: &validator.bonded),
            due: after(parameters.staking.unbondingHeights)
        )
        if count == held.shares {
            try remove(Delegation.self, at: key)
        } else {
            try store(Delegation(shares: held.shares - count), at: key)
        }
        let id = try newID()
        try store(validator, at: StateKey.validator(body.validator))
        try store(moved, at: StateKey.unbonding(id))
        try schedule(.unbond(id), at: moved.due)
        emit(
            .undelegated,
            [
                (.validator, .address(body.validator)), (.account, .address(delegator)),
                (.amount, .amount(body.amount)), (.height, .number(moved.due.value)),
            ]
        )
    }

    /// Moves shares of one pool into another, and returns the new ones.
    private func move(
        _ count: UInt128,
        to target: inout StakePool,
        from source: inout StakePool
    ) throws(Abort) -> UInt128 {
        do { return try target.deposit(try source.withdraw(count)) } catch {
            throw .failed(.arithmetic)
        }
    }

    mutating func payUnbonding(_ id: Digest) throws(Abort) {
        let unbonding: Unbonding = try loadKnown(at: StateKey.unbonding(id))
        let key = StateKey.validator(unbonding.validator)
        var validator: ValidatorRecord = try loadKnown(at: key)
        let amount: Amount
        do { amount = try validator.unbonding.withdraw(unbonding.shares) } catch {
            throw .failed(.arithmetic)
        }
        try store(validator, at: key)
        try remove(Unbonding.self, at: StateKey.unbonding(id))
        try credit(unbonding.delegator, amount)
        emit(
            .unbonded,
            [
                (.validator, .address(unbonding.validator)),
                (.account, .address(unbonding.delegator)), (.amount, .amount(amount)),
            ]
        )
    }
}
