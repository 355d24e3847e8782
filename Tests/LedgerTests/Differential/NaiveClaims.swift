import Commitments
import Cryptography
import Ledger
import Primitives

/// The life of a claim once more. Who is drawn is not reckoned here: the run checks that whoever
/// was drawn may be, and says so by `drawn`.
extension NaiveLedger {
    struct Judge: Equatable {
        let owner: Address
        let hot: Address
        let power: UInt64
        var hidden: Digest?
        var said: Panel.Statement?
    }

    struct Protest: Equatable {
        let who: Address
        let unit: UInt32
        let bond: UInt128
    }

    struct Case: Equatable {
        let claimant: Address
        let terms: SubmitClaim
        var bond: UInt128
        var fee: UInt128
        /// When the phase ends by itself.
        var due: UInt64
        var phase = Claim.Phase.pending
        var attempt = 1
        var judges: [Judge] = []
        /// The committee, while and after all validators judge what it disputes.
        var committee: [Judge] = []
        /// The bench in dispute, and those that were in the right.
        var dispute: Int?
        var confirmed: Set<Int> = []
        /// Phases that end at one height end in the order in which they began.
        var ticket = 0
        var verifiers: [Address] = []
        var protest: Protest?
        var isUsed = false

        init(claimant: Address, terms: SubmitClaim, bond: UInt128, fee: UInt128, due: UInt64) {
            self.claimant = claimant
            self.terms = terms
            self.bond = bond
            self.fee = fee
            self.due = due
        }

        var isOver: Bool { [.final, .rejected, .unavailable].contains(phase) }
    }

    // MARK: What members and challengers send

    mutating func commit(_ body: CommitVerdict, _ sender: Address) -> Bool {
        guard var claim = claims[body.claim],
            [.committing, .challengeCommitting].contains(claim.phase),
            let place = claim.judges.firstIndex(where: { $0.hot == sender }),
            claim.judges[place].hidden == nil
        else { return false }
        claim.judges[place].hidden = body.digest
        claims[body.claim] = claim
        if claim.judges.allSatisfy({ $0.hidden != nil }) { open(body.claim) }
        return true
    }

    mutating func reveal(_ body: RevealVerdict, _ sender: Address) -> Bool {
        guard var claim = claims[body.claim],
            [.revealing, .challengeRevealing].contains(claim.phase),
            let place = claim.judges.firstIndex(where: { $0.hot == sender }),
            let hidden = claim.judges[place].hidden, claim.judges[place].said == nil
        else { return false }
        let digest = body.verdict.commitment(
            claim: body.claim,
            trace: body.trace,
            salt: body.salt,
            validator: claim.judges[place].owner
        )
        guard digest == hidden, body.verdict != .unavailable || body.trace == .zero else {
            return false
        }
        if case .invalid(let unit, _) = body.verdict {
            guard unit < claim.terms.unitCount, claim.protest.map({ $0.unit == unit }) ?? true
            else { return false }
        }
        claim.judges[place].said = Panel.Statement(verdict: body.verdict, trace: body.trace)
        claims[body.claim] = claim
        if claim.judges.allSatisfy({ $0.hidden == nil || $0.said != nil }) { decide(body.claim) }
        return true
    }

    mutating func challenge(_ body: ChallengeUnit, _ sender: Address) -> Bool {
        guard var claim = claims[body.claim], claim.phase == .accepted,
            body.unit < claim.terms.unitCount,
            body.bond >= parameters.claims.minimumChallengeBond, pay(sender, body.bond.units)
        else { return false }
        claim.protest = Protest(who: sender, unit: body.unit, bond: body.bond.units)
        claim.judges = everybody
        claims[body.claim] = claim
        enter(.challengeCommitting, body.claim, parameters.claims.commitHeights)
        return true
    }

    var everybody: [Judge] {
        self.set.map {
            Judge(owner: $0.owner, hot: Address(firstKey: $0.key), power: $0.power)
        }
    }

    // MARK: Phases

    mutating func enter(_ phase: Claim.Phase, _ id: Digest, _ heights: UInt64) {
        tickets += 1
        claims[id]?.phase = phase
        claims[id]?.due = height + heights
        claims[id]?.ticket = tickets
    }

    mutating func claimsDue() {
        let due = claims.filter { $0.value.due == height && !$0.value.isOver }
        for id in due.sorted(by: { $0.value.ticket < $1.value.ticket }).map(\.key) {
            switch claims[id]?.phase {
            case .pending:
                claims[id]?.judges = drawn(id)
                enter(.committing, id, parameters.claims.commitHeights)
            case .committing, .challengeCommitting: open(id)
            case .revealing, .challengeRevealing: decide(id)
            default: finish(id)
            }
        }
    }

    /// From hidden verdicts to open ones; without any there is nothing to wait for.
    private mutating func open(_ id: Digest) {
        guard let claim = claims[id] else { return }
        guard claim.judges.contains(where: { $0.hidden != nil }) else { return decide(id) }
        enter(
            claim.phase == .committing ? .revealing : .challengeRevealing,
            id,
            parameters.claims.revealHeights
        )
    }

    private mutating func finish(_ id: Digest) {
        guard var claim = claims[id] else { return }
        balances[claim.claimant, default: 0] += claim.bond
        claim.bond = 0
        claim.phase = .final
        claims[id] = claim
        guard var piece = adapters[claim.terms.subject] else { return }
        if claim.terms.kind == .training { piece.isReproduced = true }
        if claim.terms.kind == .index { piece.isIndexed = true }
        if [.training, .index].contains(claim.terms.kind), piece.isDone {
            balances[piece.owner, default: 0] += piece.bond
            piece.bond = 0
        }
        adapters[claim.terms.subject] = piece
    }
}
