// The end of a claim's life: a window for challenges before everybody, then finality.

import Commitments
import Primitives
import Voting

extension BlockMachine {
    mutating func challengeUnit(_ body: ChallengeUnit, by challenger: Address) throws(Abort) {
        var claim: Claim = try load(at: StateKey.claim(body.claim), or: .unknownClaim)
        guard claim.phase == .accepted else { throw .refused(.notChallengeable) }
        guard body.unit < claim.terms.unitCount else { throw .refused(.unitOutOfRange) }
        guard body.bond >= parameters.claims.minimumChallengeBond else {
            throw .refused(.bondTooSmall)
        }
        try debit(challenger, body.bond)
        claim.challenge = Claim.Challenge(
            challenger: challenger,
            unit: body.unit,
            bond: body.bond
        )
        try seat(validators.validators, body.claim)
        try enter(
            .challengeCommitting,
            for: parameters.claims.commitHeights,
            body.claim,
            &claim
        )
        try store(claim, at: StateKey.claim(body.claim))
        emit(
            .claimChallenged,
            claimAttributes(body.claim, claim) + [
                (.account, .address(challenger)), (.unit, .number(UInt64(body.unit))),
                (.amount, .amount(body.bond)),
            ]
        )
    }

    /// The unit was right: the challenger's bond pays those who had to look.
    mutating func challengeFailed(
        _ id: Digest,
        _ claim: inout Claim,
        panel: [Panel.Member]
    ) throws(Abort) {
        guard let challenge = claim.challenge else { throw .failed(.arithmetic) }
        let parts = try challenge.bond.shared(by: panel.map { UInt128($0.power) })
        for (member, part) in zip(panel, parts) { try reward(member.validator, part) }
        claim.challenge = nil
        emit(
            .challengeFailed,
            claimAttributes(id, claim) + [
                (.account, .address(challenge.challenger)), (.amount, .amount(challenge.bond)),
                (.unit, .number(UInt64(challenge.unit))),
            ]
        )
        try reopenWindow(id, &claim)
    }

    mutating func returnChallengeBond(_ claim: inout Claim) throws(Abort) {
        guard let challenge = claim.challenge else { return }
        try credit(challenge.challenger, challenge.bond)
        claim.challenge = nil
    }

    /// A challenge must not use up the time of others: the window is open in full again.
    mutating func reopenWindow(_ id: Digest, _ claim: inout Claim) throws(Abort) {
        try enter(.accepted, for: parameters.claims.challengeHeights, id, &claim)
        claim.windowEnd = claim.deadline
    }

    mutating func finalise(_ id: Digest, _ claim: inout Claim) throws(Abort) {
        try credit(claim.claimant, claim.bond)
        claim.bond = .zero
        claim.phase = .final
        claim.stamp += 1
        emit(.claimFinal, claimAttributes(id, claim))
        switch claim.terms.kind {
        case .training, .index: try raiseAdapter(claim)
        case .screening, .attribution, .inference: return
        }
    }

    /// Gives the adapter the standing that its claim has earned, and its bond back with the last.
    private mutating func raiseAdapter(_ claim: Claim) throws(Abort) {
        let key = StateKey.adapter(claim.terms.subject)
        var adapter: Adapter = try loadKnown(at: key)
        adapter.openClaims -= 1
        if claim.terms.kind == .training {
            adapter.isReproduced = true
            emit(.adapterReproduced, [(.adapter, .digest(claim.terms.subject))])
        } else {
            adapter.isIndexed = true
            emit(.adapterIndexed, [(.adapter, .digest(claim.terms.subject))])
        }
        if adapter.isSettled { try returnBond(of: &adapter) }
        try store(adapter, at: key)
    }
}
