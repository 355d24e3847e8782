// Stake lost by misbehaviour, and rewards of validators.

import Primitives
import Voting

extension BlockMachine {
    /// Punishes equivocation: part of all stake, bonded and unbonding, and service for good.
    /// Returns the evidence that proves a fault which was not punished before.
    mutating func punish(
        _ evidence: [DuplicateVoteEvidence]
    ) throws(Abort) -> [DuplicateVoteEvidence] {
        var accepted: [DuplicateVoteEvidence] = []
        for proof in evidence.prefix(Block.evidenceLimit) {
            guard let owner = try culprit(of: proof) else { continue }
            try tombstone(owner)
            overlay.keep()
            accepted.append(proof)
        }
        return accepted
    }

    /// The owner of the validator that a proof convicts; nil when it convicts nobody.
    private mutating func culprit(of proof: DuplicateVoteEvidence) throws(Abort) -> Address? {
        let staking = parameters.staking
        guard proof.height > .genesis, proof.height < height,
            height.value - proof.height.value <= staking.evidenceHeights
        else { return nil }
        let epoch = staking.epoch(of: proof.height)
        guard let set: ValidatorSet = try load(at: StateKey.validatorSet(epoch: epoch)),
            let member = set[proof.validator]
        else { return nil }
        let validator: ValidatorRecord = try loadKnown(at: StateKey.validator(member.address))
        guard validator.status != .tombstoned else { return nil }
        do { try proof.verify(set: set, chain: record.chain) } catch { return nil }
        return member.address
    }

    private mutating func tombstone(_ owner: Address) throws(Abort) {
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        let perMille = parameters.staking.equivocationSlashPerMille
        let bonded = try validator.bonded.tokens.part(perMille: perMille)
        let leaving = try validator.unbonding.tokens.part(perMille: perMille)
        do {
            _ = try validator.bonded.slash(bonded)
            _ = try validator.unbonding.slash(leaving)
        } catch { throw .failed(.arithmetic) }
        validator.status = .tombstoned
        try store(validator, at: key)
        let lost = try bonded.plus(leaving)
        try creditTreasury(lost)
        emit(.tombstoned, [(.validator, .address(owner)), (.amount, .amount(lost))])
    }

    /// Takes up to `amount` of a validator's stake for a fault in judging a claim.
    mutating func slash(
        _ owner: Address,
        _ amount: Amount,
        claim: Digest,
        reason: StaticString
    ) throws(Abort) {
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        let taken: Amount
        do { taken = try validator.bonded.slash(amount) } catch { throw .failed(.arithmetic) }
        try store(validator, at: key)
        try creditTreasury(taken)
        emit(
            .slashed,
            [
                (.validator, .address(owner)), (.amount, .amount(taken)),
                (.claim, .digest(claim)), (.reason, .text("\(reason)")),
            ]
        )
    }

    /// Counts a verdict that did not come; too many in a row send the validator to jail.
    mutating func countMissedVerdict(_ owner: Address) throws(Abort) {
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        guard validator.status == .active else { return }
        validator.missedVerdicts += 1
        if validator.missedVerdicts >= parameters.staking.missedVerdictLimit {
            validator.status = .jailed(until: after(parameters.staking.jailHeights))
            emit(.jailed, [(.validator, .address(owner))])
        }
        try store(validator, at: key)
    }

    mutating func clearMissedVerdicts(_ owner: Address) throws(Abort) {
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        guard validator.missedVerdicts > 0 else { return }
        validator.missedVerdicts = 0
        try store(validator, at: key)
    }

    /// Adds to what the validator's owner and delegators share at the epoch's end.
    mutating func reward(_ owner: Address, _ amount: Amount) throws(Abort) {
        guard amount > .zero else { return }
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        validator.rewards = try validator.rewards.plus(amount)
        try store(validator, at: key)
    }
}
