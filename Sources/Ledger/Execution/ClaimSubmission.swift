// The start of a claim: what it is about has to exist, and to be what the claim says.

import Commitments
import Primitives

extension BlockMachine {
    mutating func submitClaim(_ body: SubmitClaim, by claimant: Address) throws(Abort) {
        guard body.unitCount > 0 else { throw .refused(.emptyClaim) }
        guard body.unitCount <= parameters.claims.maxUnits else { throw .refused(.tooManyUnits) }
        guard body.bond >= parameters.claims.minimumBond else { throw .refused(.bondTooSmall) }
        guard (body.outputArtifact != nil) == (body.kind == .attribution),
            (body.covers > 0) == (body.kind == .screening)
        else { throw .refused(.claimMismatch) }
        let id = try newID()
        switch body.kind {
        case .screening: try checkScreening(body)
        case .training, .index: try openAdapterClaim(body, id: id, by: claimant)
        case .inference, .attribution:
            let adapter: Adapter = try load(
                at: StateKey.adapter(body.subject),
                or: .unknownAdapter
            )
            guard !adapter.isRevoked else { throw .refused(.adapterRevoked) }
            guard body.kind == .inference || adapter.isIndexed else {
                throw .refused(.adapterNotIndexed)
            }
        }
        let fee = parameters.claims.verificationFee
        try debit(claimant, try body.bond.plus(fee))
        let due = after(parameters.claims.beaconDelay)
        let claim = Claim(
            claimant: claimant,
            terms: body,
            fee: fee,
            submitted: height,
            deadline: due
        )
        try store(claim, at: StateKey.claim(id))
        try schedule(.claim(id, stamp: claim.stamp), at: due)
        emit(
            .claimSubmitted,
            claimAttributes(id, claim) + [
                (.account, .address(claimant)), (.amount, .amount(body.bond)),
            ]
        )
    }

    private mutating func checkScreening(_ body: SubmitClaim) throws(Abort) {
        let datanet: Datanet = try load(at: StateKey.datanet(body.subject), or: .unknownDatanet)
        guard body.covers <= datanet.contributions else { throw .refused(.claimMismatch) }
        guard body.covers <= datanet.resolved else { throw .refused(.contributionsPending) }
        let records = try recordsThrough(body.subject, covers: body.covers)
        guard records > 0 else { throw .refused(.nothingToScreen) }
        guard records == UInt64(body.unitCount) else { throw .refused(.claimMismatch) }
    }

    /// Training and index claims repeat what the adapter committed to, and there is one of each.
    private mutating func openAdapterClaim(
        _ body: SubmitClaim,
        id: Digest,
        by claimant: Address
    ) throws(Abort) {
        let key = StateKey.adapter(body.subject)
        var adapter: Adapter = try load(at: key, or: .unknownAdapter)
        guard adapter.owner == claimant else { throw .refused(.notOwner) }
        guard !adapter.isRevoked else { throw .refused(.adapterRevoked) }
        let work = body.kind == .training ? adapter.terms.trace : adapter.terms.index
        guard work.root == body.outputRoot, work.units == body.unitCount,
            work.artifact == body.artifact
        else { throw .refused(.claimMismatch) }
        let subjectKey = StateKey.subjectClaim(body.kind, body.subject)
        guard try load(Digest.self, at: subjectKey) == nil else { throw .refused(.claimExists) }
        try store(id, at: subjectKey)
        adapter.openClaims += 1
        try store(adapter, at: key)
    }

    func claimAttributes(_ id: Digest, _ claim: Claim) -> [(Event.Name, Event.Value)] {
        let subject: Event.Name = claim.terms.kind == .screening ? .datanet : .adapter
        return [
            (.claim, .digest(id)), (.kind, .text(claim.terms.kind.name)),
            (subject, .digest(claim.terms.subject)),
        ]
    }
}

extension JobKind {
    /// The kind's stable name in events and interfaces.
    package var name: String {
        switch self {
        case .screening: "screening"
        case .training: "training"
        case .index: "index"
        case .attribution: "attribution"
        case .inference: "inference"
        }
    }
}
