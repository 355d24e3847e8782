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
        for owner in list.owners {
            let validator = try shareRewards(of: owner)
            let isEligible =
                validator.status == .active && validator.bonded.tokens >= staking.minimumStake
            guard isEligible else { continue }
            members.append(
                Validator(address: owner, key: validator.key, power: validator.power)
            )
        }
        members.sort { ($1.power, $0.address) < ($0.power, $1.address) }
        let next = try chosenSet(Array(members.prefix(Int(staking.maxValidators))))
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

    /// Pays the owner's commission, and adds the rest to the stake of all its delegators.
    private mutating func shareRewards(of owner: Address) throws(Abort) -> ValidatorRecord {
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
