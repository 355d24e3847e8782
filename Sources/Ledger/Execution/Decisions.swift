// What follows from a panel's verdicts, for its members and for the claim.

import Commitments
import Primitives

extension BlockMachine {
    mutating func decide(_ id: Digest, _ claim: inout Claim) throws(Abort) {
        let panel: Panel = try loadKnown(at: StateKey.panel(id))
        let decision = panel.decision
        try judgeMembers(of: panel, decision, claim: id)
        guard case .majority(let statement, let agreeing) = decision else {
            return try undecided(id, &claim)
        }
        let members = agreeing.map { panel.members[$0] }
        let isChallenge = claim.challenge != nil
        if !isChallenge { try payFee(&claim, to: members) }
        switch statement.verdict {
        case .valid where isChallenge: try challengeFailed(id, &claim, panel: members)
        case .valid: try accept(id, &claim, verifiers: members)
        case .invalid(let unit, let expected):
            claim.finding = Claim.Finding(unit: unit, expected: expected)
            try reject(id, &claim, judges: members)
        case .unavailable:
            try returnChallengeBond(&claim)
            try endUnavailable(id, &claim, slash: parameters.claims.unavailableSlashPerMille)
        }
    }

    /// Silence and contradicted verdicts cost stake. Without a majority nobody is contradicted.
    private mutating func judgeMembers(
        of panel: Panel,
        _ decision: Panel.Decision,
        claim: Digest
    ) throws(Abort) {
        let claims = parameters.claims
        for (position, member) in panel.members.enumerated() {
            guard let statement = member.statement else {
                try slash(
                    member.validator,
                    claims.absenceSlash,
                    claim: claim,
                    reason: "absent"
                )
                try countMissedVerdict(member.validator)
                continue
            }
            try clearMissedVerdicts(member.validator)
            guard case .majority(_, let agreeing) = decision, !agreeing.contains(position) else {
                continue
            }
            // Not reaching data is a failure; a contradicted result is a lie or a copy.
            let isFailure = statement.verdict == .unavailable
            try slash(
                member.validator,
                isFailure ? claims.absenceSlash : claims.minoritySlash,
                claim: claim,
                reason: isFailure ? "unavailable" : "contradicted"
            )
        }
    }

    private mutating func payFee(
        _ claim: inout Claim,
        to members: [Panel.Member]
    ) throws(Abort) {
        try pay(claim.fee, to: members)
        claim.fee = .zero
    }

    /// Divides an amount among validators by power.
    private mutating func pay(_ amount: Amount, to members: [Panel.Member]) throws(Abort) {
        let parts = try amount.shared(by: members.map { UInt128($0.power) })
        for (member, part) in zip(members, parts) { try reward(member.validator, part) }
    }

    private mutating func accept(
        _ id: Digest,
        _ claim: inout Claim,
        verifiers: [Panel.Member]
    ) throws(Abort) {
        claim.verifiers = verifiers.map(\.validator)
        try enter(.accepted, for: parameters.claims.challengeHeights, id, &claim)
        claim.windowEnd = claim.deadline
        emit(
            .claimAccepted,
            claimAttributes(id, claim) + [(.height, .number(claim.deadline.value))]
        )
    }

    /// No statement has a majority: a committee is drawn again, a challenge is void.
    private mutating func undecided(_ id: Digest, _ claim: inout Claim) throws(Abort) {
        emit(
            .claimUndecided,
            claimAttributes(id, claim) + [(.attempt, .number(UInt64(claim.attempt)))]
        )
        if claim.challenge != nil {
            try returnChallengeBond(&claim)
            return try reopenWindow(id, &claim)
        }
        guard claim.attempt < parameters.claims.maxAttempts else {
            // The panels failed, not the claimant.
            try credit(claim.claimant, claim.fee)
            claim.fee = .zero
            return try endUnavailable(id, &claim, slash: 0)
        }
        claim.attempt += 1
        try enter(.pending, for: parameters.claims.beaconDelay, id, &claim)
    }

    /// Fraud: the bond is lost, and whoever found it is paid from it.
    private mutating func reject(
        _ id: Digest,
        _ claim: inout Claim,
        judges: [Panel.Member]
    ) throws(Abort) {
        let finding = claim.finding
        emit(
            .claimRejected,
            claimAttributes(id, claim) + [
                (.account, .address(claim.claimant)), (.amount, .amount(claim.bond)),
                (.unit, .number(UInt64(finding?.unit ?? 0))),
                (.expected, .digest(finding?.expected ?? .zero)),
            ]
        )
        let lostBond = claim.bond
        claim.bond = .zero
        let challenger = claim.challenge?.challenger
        if let unit = claim.challenge?.unit { try punishVerifiers(of: claim, id, missed: unit) }
        try returnChallengeBond(&claim)
        try divideSlashed(lostBond, claim: id, challenger: challenger, judges: judges)
        try closeAdapterClaim(id, claim) { (machine, adapter) throws(Abort) in
            try machine.condemn(&adapter, claim: id, challenger: challenger, judges: judges)
        }
        claim.phase = .rejected
        claim.stamp += 1
    }

    /// Verifiers whose own sample held the false unit called it valid without looking. The part
    /// of the sample that does not depend on pay is known to the chain.
    private mutating func punishVerifiers(
        of claim: Claim,
        _ id: Digest,
        missed unit: UInt32
    ) throws(Abort) {
        guard let beacon = claim.beacon else { return }
        let sample = Sampling.units(
            seed: Sampling.seed(beacon: beacon, claim: id, attempt: claim.attempt),
            unitCount: claim.terms.unitCount,
            size: parameters.claims.sample(claim.terms.kind)
        )
        guard sample.contains(unit) else { return }
        for verifier in claim.verifiers {
            try slash(
                verifier,
                parameters.claims.minoritySlash,
                claim: id,
                reason: "overturned"
            )
        }
    }

    /// Gives the finder's part to the challenger, or else to the judges; after a challenge the
    /// judges get at most one verification fee of the rest. What is left goes to the treasury.
    mutating func divideSlashed(
        _ amount: Amount,
        claim: Digest,
        challenger: Address?,
        judges: [Panel.Member]
    ) throws(Abort) {
        let found = try amount.part(perMille: parameters.claims.finderPerMille)
        var rest = try amount.less(found)
        if let challenger {
            try credit(challenger, found)
            emit(
                .finderPaid,
                [
                    (.claim, .digest(claim)), (.account, .address(challenger)),
                    (.amount, .amount(found)),
                ]
            )
            let wage = min(rest, parameters.claims.verificationFee)
            try pay(wage, to: judges)
            rest = try rest.less(wage)
        } else {
            let parts = try found.shared(by: judges.map { UInt128($0.power) })
            for (judge, part) in zip(judges, parts) {
                try reward(judge.validator, part)
                emit(
                    .finderPaid,
                    [
                        (.claim, .digest(claim)), (.validator, .address(judge.validator)),
                        (.amount, .amount(part)),
                    ]
                )
            }
        }
        try creditTreasury(rest)
    }

    /// The end of a claim that could not be judged.
    private mutating func endUnavailable(
        _ id: Digest,
        _ claim: inout Claim,
        slash perMille: UInt16
    ) throws(Abort) {
        let lost = try claim.bond.part(perMille: perMille)
        try creditTreasury(lost)
        try credit(claim.claimant, try claim.bond.less(lost))
        claim.bond = .zero
        claim.phase = .unavailable
        claim.stamp += 1
        try closeAdapterClaim(id, claim) { (_, _) throws(Abort) in }
        emit(
            .claimUnavailable,
            claimAttributes(id, claim) + [
                (.account, .address(claim.claimant)), (.amount, .amount(lost)),
            ]
        )
    }

    /// Counts an adapter's claim that ended without success as closed, so that it may be made
    /// again, and lets `change` act on the adapter.
    private mutating func closeAdapterClaim(
        _ id: Digest,
        _ claim: Claim,
        _ change: (inout BlockMachine, inout Adapter) throws(Abort) -> Void
    ) throws(Abort) {
        guard claim.terms.kind == .training || claim.terms.kind == .index else { return }
        try remove(
            Digest.self,
            at: StateKey.subjectClaim(claim.terms.kind, claim.terms.subject)
        )
        let key = StateKey.adapter(claim.terms.subject)
        var adapter: Adapter = try loadKnown(at: key)
        adapter.openClaims -= 1
        try change(&self, &adapter)
        try store(adapter, at: key)
    }

    /// An adapter whose training or index was false is out, its bond is lost, and its place as
    /// the earliest with this content is free.
    private mutating func condemn(
        _ adapter: inout Adapter,
        claim: Digest,
        challenger: Address?,
        judges: [Panel.Member]
    ) throws(Abort) {
        guard !adapter.isRevoked else { return }
        let lost = adapter.bond
        adapter.bond = .zero
        adapter.isRevoked = true
        try remove(Digest.self, at: StateKey.adapterRoot(adapter.terms.canonicalRoot))
        try divideSlashed(lost, claim: claim, challenger: challenger, judges: judges)
        emit(.adapterRevoked, [(.claim, .digest(claim)), (.reason, .text("claim rejected"))])
    }
}
