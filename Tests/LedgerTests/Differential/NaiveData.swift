import Commitments
import Ledger
import Primitives

/// Datanets, contributions, snapshots and models once more.
extension NaiveLedger {
    struct Net: Equatable {
        let owner: Address
        let admission: AdmissionRule
        let bondPerRecord: UInt128
        let ownerPart: UInt128
        var gifts: [Digest] = []
        var frozen = 0
        var snapshots: [Digest] = []
    }

    struct Gift: Equatable {
        enum Standing: Equatable { case hidden, open(records: UInt64), expired }

        let net: Digest
        let giver: Address
        let commitment: Digest
        let bond: UInt128
        let due: UInt64
        var standing = Standing.hidden

        var records: UInt64 { if case .open(let records) = standing { records } else { 0 } }
    }

    struct Stake: Hashable {
        let net: Digest
        let giver: Address
    }

    struct BondReturn: Equatable {
        let due: UInt64
        let stake: Stake
        let amount: UInt128
    }

    struct Base: Equatable {
        let owner: Address
        let weights: Digest
        let share: UInt128
    }

    mutating func create(_ body: CreateDatanet, _ sender: Address, _ id: Digest) -> Bool {
        guard !body.name.isEmpty else { return false }
        nets[id] = Net(
            owner: sender,
            admission: body.admission,
            bondPerRecord: body.bondPerRecord.units,
            ownerPart: UInt128(body.ownerPerMille)
        )
        return true
    }

    mutating func commit(_ body: CommitContribution, _ sender: Address, _ id: Digest) -> Bool {
        guard let net = nets[body.datanet], net.gifts.count < Int(parameters.maxContributions)
        else { return false }
        switch net.admission {
        case .open: break
        case .staked(let minimum): guard body.bond >= minimum else { return false }
        case .curated(let givers): guard givers.contains(sender) else { return false }
        }
        guard body.bond.units >= net.bondPerRecord, pay(sender, body.bond.units) else {
            return false
        }
        let stake = Stake(net: body.datanet, giver: sender)
        bonds[stake, default: 0] += body.bond.units
        gifts[id] = Gift(
            net: body.datanet,
            giver: sender,
            commitment: body.commitment,
            bond: body.bond.units,
            due: height + parameters.contributionRevealHeights
        )
        nets[body.datanet]?.gifts.append(id)
        return true
    }

    mutating func reveal(_ body: RevealContribution, _ sender: Address) -> Bool {
        guard let gift = gifts[body.contribution], let net = nets[gift.net], gift.giver == sender,
            gift.standing == .hidden, body.recordCount > 0,
            body.recordCount <= 100_000
        else { return false }
        let hidden = ContributionCommitment.digest(
            root: body.root,
            salt: body.salt,
            contributor: sender
        )
        let (needed, overflow) = net.bondPerRecord
            .multipliedReportingOverflow(by: UInt128(body.recordCount))
        guard hidden == gift.commitment, !overflow, needed <= gift.bond else { return false }
        gifts[body.contribution]?.standing = .open(records: UInt64(body.recordCount))
        return true
    }

    mutating func freeze(_ body: FreezeSnapshot, _ id: Digest) -> Bool {
        guard let net = nets[body.datanet], let claim = claims[body.claim],
            claim.terms.kind == .screening, claim.terms.subject == body.datanet,
            claim.phase == .final, !claim.isUsed
        else { return false }
        let covers = Int(claim.terms.covers)
        guard covers > net.frozen else { return false }
        for gift in net.gifts[net.frozen..<covers].compactMap({ gifts[$0] }) {
            bondReturns.append(
                BondReturn(
                    due: height + parameters.bondHoldHeights,
                    stake: Stake(net: body.datanet, giver: gift.giver),
                    amount: gift.bond
                )
            )
        }
        claims[body.claim]?.isUsed = true
        nets[body.datanet]?.frozen = covers
        nets[body.datanet]?.snapshots.append(id)
        snapshots[id] = body.datanet
        return true
    }

    mutating func register(_ body: RegisterModel, _ sender: Address, _ id: Digest) -> Bool {
        guard !body.name.isEmpty,
            !models.values.contains(where: { $0.weights == body.weightsRoot }),
            body.feeSharePerMille <= parameters.settlement.modelOwnerPerMille
        else { return false }
        models[id] = Base(
            owner: sender,
            weights: body.weightsRoot,
            share: UInt128(body.feeSharePerMille)
        )
        return true
    }

    /// Hidden contributions whose time is over, and bonds that come back.
    mutating func dataDue() {
        for (id, gift) in gifts where gift.due == height && gift.standing == .hidden {
            gifts[id]?.standing = .expired
        }
        for entry in bondReturns where entry.due == height {
            let amount = min(entry.amount, bonds[entry.stake, default: 0])
            bonds[entry.stake, default: 0] -= amount
            balances[entry.stake.giver, default: 0] += amount
        }
        bondReturns.removeAll { $0.due == height }
    }
}
