// Datanets: contributions are dated while hidden, then opened, and frozen once screened.

import Commitments
import Primitives

extension BlockMachine {
    mutating func createDatanet(_ body: CreateDatanet, by owner: Address) throws(Abort) {
        guard !body.name.isEmpty else { throw .refused(.emptyName) }
        let id = try newID()
        try store(
            Datanet(owner: owner, terms: body, created: height),
            at: StateKey.datanet(id)
        )
        emit(.datanetCreated, [(.datanet, .digest(id)), (.account, .address(owner))])
    }

    mutating func commitContribution(
        _ body: CommitContribution,
        by contributor: Address
    ) throws(Abort) {
        var datanet: Datanet = try load(at: StateKey.datanet(body.datanet), or: .unknownDatanet)
        switch datanet.admission {
        case .open: break
        case .staked(let minimum):
            guard body.bond >= minimum else { throw .refused(.bondTooSmall) }
        case .curated(let allowed):
            guard allowed.contains(contributor) else { throw .refused(.notAdmitted) }
        }
        // A contribution has at least one record, so less than its bond can never be enough.
        guard body.bond >= datanet.bondPerRecord else { throw .refused(.bondTooSmall) }
        guard datanet.contributions < parameters.maxContributions else {
            throw .refused(.tooManyContributions)
        }
        try debit(contributor, body.bond)
        let bondKey = StateKey.contributorBond(body.datanet, contributor)
        var bond = try load(ContributorBond.self, at: bondKey) ?? ContributorBond(amount: .zero)
        bond.amount = try bond.amount.plus(body.bond)
        try store(bond, at: bondKey)
        let id = try newID()
        let index = datanet.contributions
        let deadline = after(parameters.contributionRevealHeights)
        try store(
            Contribution(
                datanet: body.datanet,
                index: index,
                contributor: contributor,
                commitment: body.commitment,
                bond: body.bond,
                committed: height,
                deadline: deadline
            ),
            at: StateKey.contribution(id)
        )
        try store(
            ContributionPlace(contribution: id),
            at: StateKey.contributionIndex(body.datanet, index)
        )
        datanet.contributions += 1
        try store(datanet, at: StateKey.datanet(body.datanet))
        try schedule(.expireContribution(id), at: deadline)
        emit(
            .contributionCommitted,
            [
                (.datanet, .digest(body.datanet)), (.contribution, .digest(id)),
                (.account, .address(contributor)), (.index, .number(UInt64(index))),
            ]
        )
    }

    mutating func revealContribution(
        _ body: RevealContribution,
        by sender: Address
    ) throws(Abort) {
        let key = StateKey.contribution(body.contribution)
        var contribution: Contribution = try load(at: key, or: .revealWithoutCommit)
        guard contribution.contributor == sender else { throw .refused(.notContributor) }
        switch contribution.status {
        case .committed: break
        case .revealed: throw .refused(.alreadyRevealed)
        case .expired: throw .refused(.revealTooLate)
        }
        guard body.recordCount > 0 else { throw .refused(.emptyContribution) }
        guard body.recordCount <= UInt32(DataRecord.listLimit) else {
            throw .refused(.tooManyRecords)
        }
        let expected = ContributionCommitment.digest(
            root: body.root,
            salt: body.salt,
            contributor: sender
        )
        guard expected == contribution.commitment else { throw .refused(.commitmentMismatch) }
        let datanet: Datanet = try loadKnown(at: StateKey.datanet(contribution.datanet))
        let needed: Amount
        do {
            needed = try datanet.bondPerRecord.scaled(by: UInt64(body.recordCount), over: 1)
        } catch { throw .refused(.bondTooSmall) }
        guard contribution.bond >= needed else { throw .refused(.bondTooSmall) }
        contribution.status = .revealed(
            Contribution.Content(
                root: body.root,
                recordCount: body.recordCount,
                artifact: body.artifact,
                revealed: height
            )
        )
        try store(contribution, at: key)
        emit(
            .contributionRevealed,
            [
                (.datanet, .digest(contribution.datanet)),
                (.contribution, .digest(body.contribution)), (.account, .address(sender)),
                (.records, .number(UInt64(body.recordCount))),
            ]
        )
        try advanceResolved(contribution.datanet)
    }

    mutating func expireContribution(_ id: Digest) throws(Abort) {
        let key = StateKey.contribution(id)
        var contribution: Contribution = try loadKnown(at: key)
        guard !contribution.isResolved else { return }
        contribution.status = .expired
        try store(contribution, at: key)
        emit(
            .contributionExpired,
            [(.datanet, .digest(contribution.datanet)), (.contribution, .digest(id))]
        )
        try advanceResolved(contribution.datanet)
    }

    /// Moves the end of the resolved contributions. Each one is passed once in its life.
    private mutating func advanceResolved(_ id: Digest) throws(Abort) {
        var datanet: Datanet = try loadKnown(at: StateKey.datanet(id))
        var through = try recordsThrough(id, covers: datanet.resolved)
        while datanet.resolved < datanet.contributions {
            let placeKey = StateKey.contributionIndex(id, datanet.resolved)
            var place: ContributionPlace = try loadKnown(at: placeKey)
            let contribution: Contribution = try loadKnown(
                at: StateKey.contribution(place.contribution)
            )
            guard contribution.isResolved else { break }
            through += UInt64(contribution.content?.recordCount ?? 0)
            place.recordsThrough = through
            try store(place, at: placeKey)
            datanet.resolved += 1
        }
        try store(datanet, at: StateKey.datanet(id))
    }

    /// How many records the first `covers` contributions have; all of them are resolved.
    mutating func recordsThrough(_ datanet: Digest, covers: UInt32) throws(Abort) -> UInt64 {
        guard covers > 0 else { return 0 }
        let key = StateKey.contributionIndex(datanet, covers - 1)
        let place: ContributionPlace = try loadKnown(at: key)
        guard let through = place.recordsThrough else { throw .failed(.corruptState(key: key)) }
        return through
    }

    mutating func freezeSnapshot(_ body: FreezeSnapshot) throws(Abort) {
        var datanet: Datanet = try load(at: StateKey.datanet(body.datanet), or: .unknownDatanet)
        var claim: Claim = try load(at: StateKey.claim(body.claim), or: .unknownClaim)
        guard claim.terms.kind == .screening else { throw .refused(.wrongClaimKind) }
        guard claim.terms.subject == body.datanet else { throw .refused(.claimMismatch) }
        guard claim.phase == .final else { throw .refused(.claimNotFinal) }
        guard !claim.isUsed, claim.terms.covers > datanet.frozen else {
            throw .refused(.alreadyFrozen)
        }
        let id = try newID()
        claim.isUsed = true
        try store(claim, at: StateKey.claim(body.claim))
        try store(
            Snapshot(
                datanet: body.datanet,
                claim: body.claim,
                root: claim.terms.outputRoot,
                table: claim.terms.artifact,
                records: claim.terms.unitCount,
                covers: claim.terms.covers,
                frozen: height
            ),
            at: StateKey.snapshot(id)
        )
        try schedule(
            .releaseBonds(datanet: body.datanet, from: datanet.frozen, to: claim.terms.covers),
            at: after(parameters.bondHoldHeights)
        )
        datanet.frozen = claim.terms.covers
        datanet.snapshots += 1
        datanet.latestSnapshot = id
        try store(datanet, at: StateKey.datanet(body.datanet))
        emit(
            .snapshotFrozen,
            [
                (.datanet, .digest(body.datanet)), (.snapshot, .digest(id)),
                (.claim, .digest(body.claim)),
                (.records, .number(UInt64(claim.terms.unitCount))),
            ]
        )
    }

    /// How many bonds are returned at one height.
    private static var releaseLimit: UInt32 { 64 }

    /// Returns bonds, as far as settlements have not taken them.
    mutating func releaseBonds(
        _ datanet: Digest,
        from: UInt32,
        to: UInt32
    ) throws(Abort) {
        let end = to - from > Self.releaseLimit ? from + Self.releaseLimit : to
        for index in from..<end {
            let place: ContributionPlace = try loadKnown(
                at: StateKey.contributionIndex(datanet, index)
            )
            let contribution: Contribution = try loadKnown(
                at: StateKey.contribution(place.contribution)
            )
            let key = StateKey.contributorBond(datanet, contribution.contributor)
            guard let held = try load(ContributorBond.self, at: key) else { continue }
            let amount = min(contribution.bond, held.amount)
            let rest = try held.amount.less(amount)
            if rest == .zero {
                try remove(ContributorBond.self, at: key)
            } else {
                try store(ContributorBond(amount: rest), at: key)
            }
            try credit(contribution.contributor, amount)
            emit(
                .bondReleased,
                [
                    (.datanet, .digest(datanet)), (.contribution, .digest(place.contribution)),
                    (.account, .address(contribution.contributor)), (.amount, .amount(amount)),
                ]
            )
        }
        if end < to {
            try schedule(.releaseBonds(datanet: datanet, from: end, to: to), at: height.next)
        }
    }
}
