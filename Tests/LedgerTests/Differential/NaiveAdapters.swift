import Commitments
import Ledger
import Primitives

/// Adapters, and what a claim may say, once more.
extension NaiveLedger {
    struct Piece: Equatable {
        let owner: Address
        let terms: CommitAdapter
        var bond: UInt128
        var isIndexed = false
        var isReproduced = false
        var isRevoked = false
        /// Revoked because a claim about it was false, which frees its place.
        var isCondemned = false

        var isDone: Bool {
            (terms.trace.units == 0 || isReproduced) && (terms.index.units == 0 || isIndexed)
        }
    }

    mutating func commit(_ body: CommitAdapter, _ sender: Address, _ id: Digest) -> Bool {
        let isTaken = adapters.values.contains {
            !$0.isCondemned && $0.terms.canonicalRoot == body.canonicalRoot
        }
        guard !body.name.isEmpty, models[body.model] != nil, snapshots[body.snapshot] != nil,
            !isTaken, body.bond >= parameters.claims.minimumAdapterBond,
            body.trace.units <= parameters.claims.maxUnits,
            body.index.units <= parameters.claims.maxUnits, pay(sender, body.bond.units)
        else { return false }
        adapters[id] = Piece(owner: sender, terms: body, bond: body.bond.units)
        return true
    }

    mutating func revoke(_ id: Digest, _ sender: Address) -> Bool {
        guard let piece = adapters[id], piece.owner == sender, !piece.isRevoked, !hasOpenClaim(id)
        else { return false }
        balances[sender, default: 0] += piece.bond
        adapters[id]?.bond = 0
        adapters[id]?.isRevoked = true
        return true
    }

    /// Whether one of the adapter's own claims is undecided.
    private func hasOpenClaim(_ id: Digest) -> Bool {
        claims.values.contains { claim in
            [.training, .index].contains(claim.terms.kind) && claim.terms.subject == id
                && !claim.isOver
        }
    }

    mutating func submit(_ body: SubmitClaim, _ sender: Address, _ id: Digest) -> Bool {
        guard body.bond >= parameters.claims.minimumBond, body.unitCount > 0,
            body.unitCount <= parameters.claims.maxUnits,
            (body.outputArtifact != nil) == (body.kind == .attribution),
            body.kind == .screening || body.covers == 0, isSayable(body, sender),
            pay(sender, body.bond.units), pay(sender, parameters.claims.verificationFee.units)
        else { return false }
        claims[id] = Case(
            claimant: sender,
            terms: body,
            bond: body.bond.units,
            fee: parameters.claims.verificationFee.units,
            due: 0
        )
        enter(.pending, id, parameters.claims.beaconDelay)
        return true
    }

    /// Whether the claim says what its subject committed to.
    private func isSayable(_ body: SubmitClaim, _ sender: Address) -> Bool {
        if body.kind == .screening {
            guard let net = nets[body.subject], body.covers > 0,
                Int(body.covers) <= net.gifts.count
            else { return false }
            let covered = net.gifts.prefix(Int(body.covers)).compactMap { gifts[$0] }
            return covered.allSatisfy { $0.standing != .hidden }
                && covered.reduce(0) { $0 + $1.records } == UInt64(body.unitCount)
        }
        guard let piece = adapters[body.subject], !piece.isRevoked else { return false }
        switch body.kind {
        case .inference: return true
        case .attribution: return piece.isIndexed
        default:
            let work = body.kind == .training ? piece.terms.trace : piece.terms.index
            let isMade = claims.values.contains { claim in
                claim.terms.kind == body.kind && claim.terms.subject == body.subject
                    && (!claim.isOver || claim.phase == .final)
            }
            return piece.owner == sender && !isMade && work.root == body.outputRoot
                && work.units == body.unitCount && work.artifact == body.artifact
        }
    }
}
