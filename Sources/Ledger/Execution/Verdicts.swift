// The middle of a claim's life: a panel is drawn, hides its verdicts, and opens them.

import Commitments
import Cryptography
import Primitives
import Voting

extension BlockMachine {
    /// The end of a phase by time. Work that an earlier end made void is skipped.
    mutating func claimIsDue(_ id: Digest, stamp: UInt32) throws(Abort) {
        var claim: Claim = try loadKnown(at: StateKey.claim(id))
        guard claim.stamp == stamp else { return }
        switch claim.phase {
        case .pending: try drawCommittee(id, &claim)
        case .committing, .challengeCommitting: try openReveal(id, &claim)
        case .revealing, .challengeRevealing: try decide(id, &claim)
        case .accepted: try finalise(id, &claim)
        case .final, .rejected, .unavailable: return
        }
        try store(claim, at: StateKey.claim(id))
    }

    /// Starts a phase that ends by itself after so many heights.
    mutating func enter(
        _ phase: Claim.Phase,
        for heights: UInt64,
        _ id: Digest,
        _ claim: inout Claim
    ) throws(Abort) {
        claim.phase = phase
        claim.stamp += 1
        claim.deadline = after(heights)
        try schedule(.claim(id, stamp: claim.stamp), at: claim.deadline)
    }

    private mutating func drawCommittee(_ id: Digest, _ claim: inout Claim) throws(Abort) {
        let claimant = claim.claimant
        // Nobody judges its own claim, unless there is nobody else.
        let others = validators.validators.filter { $0.address != claimant }
        let candidates = others.isEmpty ? validators.validators : others
        let seed = Sampling.seed(beacon: beacon, claim: id, attempt: claim.attempt)
        let drawn = Sampling.committee(
            seed: seed,
            candidates: candidates,
            size: Int(parameters.claims.committeeSize)
        )
        claim.beacon = beacon
        try seat(drawn.map { candidates[$0] }, id)
        try enter(.committing, for: parameters.claims.commitHeights, id, &claim)
        emit(
            .committeeDrawn,
            claimAttributes(id, claim) + [(.attempt, .number(UInt64(claim.attempt)))]
                + drawn.map { (.validator, .address(candidates[$0].address)) }
        )
    }

    /// Makes these validators the claim's panel.
    mutating func seat(_ members: [Validator], _ id: Digest) throws(Abort) {
        let panel = Panel(
            members: members.map {
                Panel.Member(
                    validator: $0.address,
                    hot: Address(firstKey: $0.key),
                    power: $0.power
                )
            }
        )
        try store(panel, at: StateKey.panel(id))
    }

    mutating func commitVerdict(_ body: CommitVerdict, by sender: Address) throws(Abort) {
        var claim: Claim = try load(at: StateKey.claim(body.claim), or: .unknownClaim)
        guard claim.phase == .committing || claim.phase == .challengeCommitting else {
            throw .refused(.wrongPhase)
        }
        var panel: Panel = try loadKnown(at: StateKey.panel(body.claim))
        guard let index = panel.index(ofHot: sender) else { throw .refused(.notOnPanel) }
        guard panel.members[index].commitment == nil else { throw .refused(.alreadyCommitted) }
        panel.members[index].commitment = body.digest
        try store(panel, at: StateKey.panel(body.claim))
        emit(
            .verdictCommitted,
            [
                (.claim, .digest(body.claim)),
                (.validator, .address(panel.members[index].validator)),
            ]
        )
        if panel.allCommitted {
            try openReveal(body.claim, &claim)
            try store(claim, at: StateKey.claim(body.claim))
        }
    }

    private mutating func openReveal(_ id: Digest, _ claim: inout Claim) throws(Abort) {
        let panel: Panel = try loadKnown(at: StateKey.panel(id))
        // Without a commitment nothing can be revealed: decide that nothing is decided.
        guard panel.members.contains(where: { $0.commitment != nil }) else {
            return try decide(id, &claim)
        }
        let phase: Claim.Phase = claim.phase == .committing ? .revealing : .challengeRevealing
        try enter(phase, for: parameters.claims.revealHeights, id, &claim)
        emit(.revealOpened, claimAttributes(id, claim))
    }

    mutating func revealVerdict(_ body: RevealVerdict, by sender: Address) throws(Abort) {
        var claim: Claim = try load(at: StateKey.claim(body.claim), or: .unknownClaim)
        guard claim.phase == .revealing || claim.phase == .challengeRevealing else {
            throw .refused(.wrongPhase)
        }
        var panel: Panel = try loadKnown(at: StateKey.panel(body.claim))
        guard let index = panel.index(ofHot: sender) else { throw .refused(.notOnPanel) }
        let member = panel.members[index]
        guard let commitment = member.commitment else { throw .refused(.revealWithoutCommit) }
        guard member.statement == nil else { throw .refused(.alreadyRevealed) }
        let opened = body.verdict.commitment(
            claim: body.claim,
            trace: body.trace,
            salt: body.salt,
            validator: member.validator
        )
        guard opened == commitment else { throw .refused(.verdictMismatch) }
        try checkVerdict(body, of: claim)
        panel.members[index].statement = Panel.Statement(
            verdict: body.verdict,
            trace: body.trace
        )
        try store(panel, at: StateKey.panel(body.claim))
        emit(
            .verdictRevealed,
            [(.claim, .digest(body.claim)), (.validator, .address(member.validator))]
                + verdictAttributes(body.verdict)
        )
        if panel.allRevealed {
            try decide(body.claim, &claim)
            try store(claim, at: StateKey.claim(body.claim))
        }
    }

    private func checkVerdict(_ body: RevealVerdict, of claim: Claim) throws(Abort) {
        switch body.verdict {
        case .valid: return
        case .unavailable:
            // Nothing was run, so there is no trace; a free choice would split equal verdicts.
            guard body.trace == .zero else { throw .refused(.invalidVerdict) }
        case .invalid(let unit, _):
            guard unit < claim.terms.unitCount else { throw .refused(.unitOutOfRange) }
            guard claim.challenge.map({ $0.unit == unit }) ?? true else {
                throw .refused(.invalidVerdict)
            }
        }
    }

    private func verdictAttributes(_ verdict: Verdict) -> [(Event.Name, Event.Value)] {
        let name: (Event.Name, Event.Value) = (.verdict, .text(verdict.name))
        guard case .invalid(let unit, let expected) = verdict else { return [name] }
        return [name, (.unit, .number(UInt64(unit))), (.expected, .digest(expected))]
    }
}

extension Verdict {
    /// The stable name in events.
    var name: String {
        switch self {
        case .valid: "valid"
        case .invalid: "invalid"
        case .unavailable: "unavailable"
        }
    }
}
