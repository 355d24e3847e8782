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
        let lost = try slash(owner, perMille: parameters.staking.equivocationSlashPerMille)
        var validator: ValidatorRecord = try loadKnown(at: StateKey.validator(owner))
        validator.status = .tombstoned
        validator.missedVotes = MissedVotes()
        try store(validator, at: StateKey.validator(owner))
        emit(.tombstoned, [(.validator, .address(owner)), (.amount, .amount(lost))])
    }

    /// Takes a part of all stake, also of what is on its way out. Returns what was taken.
    private mutating func slash(_ owner: Address, perMille: UInt16) throws(Abort) -> Amount {
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        let bonded = try validator.bonded.tokens.part(perMille: perMille)
        let leaving = try validator.unbonding.tokens.part(perMille: perMille)
        do {
            _ = try validator.bonded.slash(bonded)
            _ = try validator.unbonding.slash(leaving)
        } catch { throw .failed(.arithmetic) }
        try store(validator, at: key)
        let lost = try bonded.plus(leaving)
        try creditTreasury(lost)
        return lost
    }

    /// Counts whose precommits the certificate of the block before lacks. Whoever proposes a
    /// block is there, however late its votes come, and begins anew.
    mutating func countVotes(_ input: BlockInput) throws(Abort) {
        let proposer: Address? = try load(at: StateKey.validatorKey(input.proposer))
        if let proposer {
            var validator: ValidatorRecord = try loadKnown(at: StateKey.validator(proposer))
            if !validator.missedVotes.isEmpty {
                validator.missedVotes = MissedVotes()
                try store(validator, at: StateKey.validator(proposer))
            }
        }
        guard let commit = input.lastCommit else { return overlay.keep() }
        let epoch = parameters.staking.epoch(of: commit.height)
        let set: ValidatorSet = try loadKnown(at: StateKey.validatorSet(epoch: epoch))
        for (place, member) in set.validators.enumerated()
        where !commit.contains(ValidatorIndex(UInt16(place))) && member.address != proposer {
            try countMissedVote(member.address, at: commit.height)
        }
        overlay.keep()
    }

    private mutating func countMissedVote(_ owner: Address, at missed: Height) throws(Abort) {
        let staking = parameters.staking
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        guard validator.status == .active else { return }
        validator.missedVotes.add(missed, window: staking.voteWindow)
        guard validator.missedVotes.total >= UInt64(staking.missedVoteLimit) else {
            return try store(validator, at: key)
        }
        validator.missedVotes = MissedVotes()
        jail(&validator, reason: "downtime")
        try store(validator, at: key)
        let lost = try slash(owner, perMille: staking.downtimeSlashPerMille)
        guard lost > .zero else { return }
        emit(
            .slashed,
            [
                (.validator, .address(owner)), (.amount, .amount(lost)),
                (.reason, .text("downtime")),
            ]
        )
    }

    private mutating func jail(_ validator: inout ValidatorRecord, reason: StaticString) {
        let until = after(parameters.staking.jailHeights)
        validator.status = .jailed(until: until)
        emit(
            .jailed,
            [
                (.validator, .address(validator.owner)), (.height, .number(until.value)),
                (.reason, .text("\(reason)")),
            ]
        )
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
            jail(&validator, reason: "missed verdicts")
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

    /// Adds to what the validator's owner and delegators share at the epoch's end. One that is
    /// convicted earns nothing.
    mutating func reward(_ owner: Address, _ amount: Amount) throws(Abort) {
        guard amount > .zero else { return }
        let key = StateKey.validator(owner)
        var validator: ValidatorRecord = try loadKnown(at: key)
        guard validator.status != .tombstoned else { return try creditTreasury(amount) }
        validator.rewards = try validator.rewards.plus(amount)
        try store(validator, at: key)
    }
}
