// The validator set changes between epochs only: the work is bounded by the number of
// candidates, and everybody knows a set in advance.

import Primitives
import Voting

extension BlockMachine {
    /// At an epoch's last height, shares rewards and chooses the next set. Returns the set that
    /// decides the next block.
    mutating func closeEpoch() throws(Abort) -> ValidatorSet {
        let staking = parameters.staking
        guard staking.isLast(height) else { return validators }
        let list: CandidateList = try loadKnown(at: StateKey.candidates)
        var members: [Validator] = []
        var candidates: [Address] = []
        var ready: [Address] = []
        let version = try protocolRecord()
        for owner in list.owners {
            _ = try shareRewards(of: owner)
            let validator = try takeNextKey(of: owner)
            guard validator.status != .tombstoned,
                validator.bonded.tokens >= staking.minimumStake
            else { continue }
            candidates.append(owner)
            if validator.readyVersion > version.current { ready.append(owner) }
            guard validator.status == .active, isSettled(validator.registered) else { continue }
            members.append(
                Validator(address: owner, key: validator.key, power: validator.power)
            )
        }
        if candidates != list.owners {
            try store(CandidateList(owners: candidates), at: StateKey.candidates)
        }
        members.sort { ($1.power, $0.address) < ($0.power, $1.address) }
        let next = try chosenSet(Array(members.prefix(Int(staking.maxValidators))))
        try scheduleVersion(version, next, ready)
        let epoch = staking.epoch(of: height.next)
        try store(next, at: StateKey.validatorSet(epoch: epoch))
        let kept = staking.evidenceHeights / staking.epochLength + 2
        if epoch > kept {
            try remove(ValidatorSet.self, at: StateKey.validatorSet(epoch: epoch - kept - 1))
        }
        if next != validators {
            emit(.validatorsChanged, [(.height, .number(height.next.value))])
        }
        overlay.keep()
        return next
    }

    /// A chain without validators stops for good, so the last set stays until others can serve.
    private func chosenSet(_ members: [Validator]) throws(Abort) -> ValidatorSet {
        guard !members.isEmpty else { return validators }
        do { return try ValidatorSet(members) } catch { throw .failed(.invalidValidatorSet) }
    }

    /// Keys of the epoch that ends wait for one more: its last proposers know the beacon that the
    /// next one begins with, and could choose keys whose proofs bend it.
    private func isSettled(_ named: Height) -> Bool {
        let staking = parameters.staking
        return named == .genesis || staking.epoch(of: named) < staking.epoch(of: height)
    }

    private mutating func takeNextKey(of owner: Address) throws(Abort) -> ValidatorRecord {
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        guard let next = validator.nextKey, isSettled(next.since) else { return validator }
        validator.key = next.key
        validator.nextKey = nil
        try store(validator, at: key)
        emit(
            .keyInForce,
            [
                (.validator, .address(owner)), (.key, .text("\(next.key)")),
                (.height, .number(height.next.value)),
            ]
        )
        return validator
    }

    /// A new version gets its first height once more than two thirds of the next set are ready.
    private mutating func scheduleVersion(
        _ record: ProtocolRecord,
        _ set: ValidatorSet,
        _ ready: [Address]
    ) throws(Abort) {
        guard record.next == nil else { return }
        let power = set.validators.filter { ready.contains($0.address) }
            .reduce(UInt64(0)) { $0 + $1.power }
        guard set.isQuorum(power) else { return }
        let change = ProtocolRecord.Change(
            version: record.current + 1,
            height: after(parameters.staking.upgradeNoticeHeights)
        )
        try store(
            ProtocolRecord(current: record.current, next: change),
            at: StateKey.protocolVersion
        )
        emit(
            .upgradeScheduled,
            [
                (.version, .number(UInt64(change.version))),
                (.height, .number(change.height.value)),
            ]
        )
    }

    /// Pays the owner's commission, and adds the rest to the stake of all its delegators.
    mutating func shareRewards(of owner: Address) throws(Abort) -> ValidatorRecord {
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        guard validator.rewards > .zero else { return validator }
        let hasStake = validator.bonded.tokens > .zero
        let commission =
            hasStake
            ? try validator.rewards.part(perMille: validator.commissionPerMille)
            : validator.rewards
        do { try validator.bonded.reward(try validator.rewards.less(commission)) } catch {
            throw .failed(.arithmetic)
        }
        validator.rewards = .zero
        try store(validator, at: key)
        try credit(owner, commission)
        return validator
    }
}
