// What follows from a panel's verdicts, for its members and for the claim.

import Commitments
import Primitives
import Voting

extension BlockMachine {
    mutating func decide(_ id: Digest, _ claim: inout Claim) throws(Abort) {
        let panel: Panel = try loadKnown(at: StateKey.panel(id))
        guard claim.challenge != nil || claim.dispute != nil else {
            try noteSilence(of: panel, claim: id)
            return try conclude(id, &claim, committee: panel)
        }
        try noteSilence(of: panel, claim: id)
        guard case .majority(let statement, let agreeing) = panel.decision else {
            return try undecided(id, &claim)
        }
        let judges = agreeing.map { panel.members[$0] }
        let others = panel.members.indices.filter { !agreeing.contains($0) }
        try contradict(others.map { panel.members[$0] }, claim: id)
        if let bench = claim.dispute {
            return try settle(bench, id, &claim, statement, judges: judges)
        }
        switch statement.verdict {
        case .valid: try challengeFailed(id, &claim, panel: judges)
        case .invalid: try reject(id, &claim, statement, judges: judges)
        case .unavailable:
            try returnChallengeBond(&claim)
            try endUnavailable(id, &claim, slash: parameters.claims.unavailableSlashPerMille)
        }
    }

    /// Goes on with what a committee said, as far as no bench is in dispute.
    mutating func conclude(
        _ id: Digest,
        _ claim: inout Claim,
        committee: Panel
    ) throws(Abort) {
        let members = committee.members
        let benches = claim.bench(ofSeat: 0, of: members.count, parameters: parameters.claims)
        let outcome = committee.outcome(benches: benches.count, setPower: validators.total)
        switch outcome {
        case .undecided: try undecided(id, &claim)
        case .disputed(let number):
            let bench = Claim.Bench(number: number, count: benches.count)
            try dispute(bench, id, &claim, committee: committee)
        case .valid(let agreeing):
            let silent = members.indices.filter { !agreeing.contains($0) }
            try contradict(silent.map { members[$0] }, claim: id)
            try store(committee, at: StateKey.committee(id))
            try payFee(&claim, to: agreeing.map { members[$0] })
            try accept(id, &claim, verifiers: agreeing.map { members[$0] })
        case .unavailable(let agreeing):
            let others = members.indices.filter { !agreeing.contains($0) }
            try contradict(others.map { members[$0] }, claim: id)
            try payFee(&claim, to: agreeing.map { members[$0] })
            try endUnavailable(id, &claim, slash: parameters.claims.unavailableSlashPerMille)
        case .invalid(let statement, let number, let agreeing):
            let bench = Claim.Bench(number: number, count: benches.count)
            let others = members.indices.filter {
                bench.holds(seat: $0) && !agreeing.contains($0)
            }
            try contradict(others.map { members[$0] }, claim: id)
            try payFee(&claim, to: agreeing.map { members[$0] })
            try reject(id, &claim, statement, judges: agreeing.map { members[$0] })
        }
    }

    /// Silence costs stake, whatever the others find.
    private mutating func noteSilence(of panel: Panel, claim: Digest) throws(Abort) {
        for member in panel.members {
            guard member.statement == nil else {
                try clearMissedVerdicts(member.validator)
                continue
            }
            try slash(
                member.validator,
                parameters.claims.absenceSlash,
                claim: claim,
                reason: "absent"
            )
            try countMissedVerdict(member.validator)
        }
    }

    /// Takes stake from those of `members` that spoke. Not reaching data is a failure; a
    /// contradicted result is a lie or a copy.
    mutating func contradict(_ members: [Panel.Member], claim: Digest) throws(Abort) {
        let claims = parameters.claims
        for member in members {
            guard let statement = member.statement else { continue }
            let isFailure = statement.verdict == .unavailable
            try slash(
                member.validator,
                isFailure ? claims.absenceSlash : claims.minoritySlash,
                claim: claim,
                reason: isFailure ? "unavailable" : "contradicted"
            )
        }
    }

    mutating func payFee(
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
    mutating func undecided(_ id: Digest, _ claim: inout Claim) throws(Abort) {
        emit(
            .claimUndecided,
            claimAttributes(id, claim) + [(.attempt, .number(UInt64(claim.attempt)))]
        )
        if claim.challenge != nil {
            try returnChallengeBond(&claim)
            return try reopenWindow(id, &claim)
        }
        claim.dispute = nil
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
    mutating func reject(
        _ id: Digest,
        _ claim: inout Claim,
        _ statement: Panel.Statement,
        judges: [Panel.Member]
    ) throws(Abort) {
        if case .invalid(let unit, let expected) = statement.verdict {
            claim.finding = Claim.Finding(unit: unit, expected: expected)
        }
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

    /// Verifiers whose own share held the false unit called it valid without looking. The part
    /// of a share that does not depend on pay is known to the chain.
    private mutating func punishVerifiers(
        of claim: Claim,
        _ id: Digest,
        missed unit: UInt32
    ) throws(Abort) {
        let seats = try loadKnown(Panel.self, at: StateKey.committee(id)).members
        let claims = parameters.claims
        guard
            let bench = claim.bench(
                holding: unit,
                id: id,
                seats: seats.count,
                parameters: claims
            )
        else { return }
        for (seat, member) in seats.enumerated() where bench.holds(seat: seat) {
            guard member.statement?.verdict == .valid else { continue }
            try slash(member.validator, claims.minoritySlash, claim: id, reason: "overturned")
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
    mutating func endUnavailable(
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
