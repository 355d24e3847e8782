// Pays for verified answers.

import Commitments
import Primitives

extension BlockMachine {
    mutating func settle(_ body: Settle, by provider: Address) throws(Abort) {
        let checked = try checkSettlement(body, by: provider)
        let id = try newID()
        let payouts = try payouts(of: checked, rows: body.rows.map(\.attribution))
        for (channel, value) in checked.channels {
            try store(value, at: StateKey.channel(channel))
        }
        try markUsed(body.inferenceClaim, checked.inference)
        try markUsed(body.attributionClaim, checked.attribution)
        let settlement = Settlement(
            provider: provider,
            adapter: checked.inference.terms.subject,
            inferenceClaim: body.inferenceClaim,
            attributionClaim: body.attributionClaim,
            total: checked.total,
            rows: UInt32(body.rows.count),
            settled: height,
            payouts: payouts
        )
        try store(settlement, at: StateKey.settlement(id))
        emit(
            .settled,
            [
                (.settlement, .digest(id)), (.adapter, .digest(settlement.adapter)),
                (.provider, .address(provider)), (.amount, .amount(checked.total)),
            ]
        )
        try pay(payouts, of: id, datanet: checked.adapter.datanet)
    }

    private mutating func markUsed(_ id: Digest, _ claim: Claim) throws(Abort) {
        var claim = claim
        claim.isUsed = true
        try store(claim, at: StateKey.claim(id))
    }

    /// Every line of the settlement. All but slashes sum to the total.
    private mutating func payouts(
        of checked: CheckedSettlement,
        rows: [QueryAttribution]
    ) throws(Abort) -> [Settlement.Payout] {
        let adapter = checked.adapter
        let datanet: Datanet = try loadKnown(at: StateKey.datanet(adapter.datanet))
        let model: Model = try loadKnown(at: StateKey.model(adapter.terms.model))
        let shares = parameters.settlement
        let nets = NetInfluence.sum(over: rows)
        let split: FeeSplit
        let parts: [(contributor: Address, amount: Amount)]
        let left: Amount
        do {
            split = try FeeSplit(
                total: checked.total,
                shares: shares,
                modelPerMille: model.terms.feeSharePerMille,
                datanetOwnerPerMille: datanet.ownerPerMille
            )
            (parts, left) = try NetInfluence.divide(
                split.contributors,
                among: nets,
                capPerMille: shares.contributorCapPerMille
            )
        } catch { throw .failed(.arithmetic) }
        var payouts = parts.map {
            Settlement.Payout(role: .contributor, account: $0.contributor, amount: $0.amount)
        }
        let owners: [(Settlement.Role, Address, Amount)] = [
            (.datanetOwner, datanet.owner, split.datanetOwner),
            (.adapterOwner, adapter.owner, split.adapterOwner),
            (.modelOwner, model.owner, split.modelOwner),
            (.provider, checked.inference.claimant, split.provider),
        ]
        for (role, account, amount) in owners {
            payouts.append(Settlement.Payout(role: role, account: account, amount: amount))
        }
        let verifiers = checked.inference.verifiers + checked.attribution.verifiers
        let wages = try split.validators.shared(by: verifiers.map { _ in 1 })
        for (verifier, wage) in zip(verifiers, wages) {
            payouts.append(Settlement.Payout(role: .validator, account: verifier, amount: wage))
        }
        payouts.append(
            Settlement.Payout(
                role: .treasury,
                account: .zero,
                amount: try split.treasury.plus(left)
            )
        )
        return try payouts.filter { $0.amount > .zero } + slashes(nets, of: adapter.datanet)
    }

    /// What contributors lose whose data did more harm than good.
    private mutating func slashes(
        _ nets: [NetInfluence],
        of datanet: Digest
    ) throws(Abort) -> [Settlement.Payout] {
        var slashes: [Settlement.Payout] = []
        for net in nets where net.net < 0 {
            let key = StateKey.contributorBond(datanet, net.contributor)
            guard let bond = try load(ContributorBond.self, at: key) else { continue }
            let lost = try bond.amount.part(
                perMille: parameters.settlement.negativeSlashPerMille
            )
            guard lost > .zero else { continue }
            slashes.append(
                Settlement.Payout(role: .slash, account: net.contributor, amount: lost)
            )
        }
        return slashes
    }

    private mutating func pay(
        _ payouts: [Settlement.Payout],
        of id: Digest,
        datanet: Digest
    ) throws(Abort) {
        var vesting: [Settlement.Payout] = []
        for payout in payouts {
            switch payout.role {
            case .contributor, .datanetOwner, .adapterOwner, .modelOwner, .provider:
                vesting.append(payout)
            case .validator: try reward(payout.account, payout.amount)
            case .treasury: try creditTreasury(payout.amount)
            case .slash:
                let key = StateKey.contributorBond(datanet, payout.account)
                var bond: ContributorBond = try loadKnown(at: key)
                bond.amount = try bond.amount.less(payout.amount)
                try store(bond, at: key)
                try creditTreasury(payout.amount)
            }
            emit(
                .payout,
                [
                    (.settlement, .digest(id)), (.role, .text(payout.role.name)),
                    (.account, .address(payout.account)), (.amount, .amount(payout.amount)),
                ]
            )
        }
        let due = after(parameters.settlement.vestingHeights)
        let entry = Vesting(payouts: vesting, due: due)
        try store(entry, at: StateKey.vesting(id))
        if parameters.settlement.vestingHeights == 0 {
            try payVesting(id)
        } else {
            try schedule(.vest(settlement: id), at: due)
        }
    }

    mutating func payVesting(_ id: Digest) throws(Abort) {
        let key = StateKey.vesting(id)
        let vesting: Vesting = try loadKnown(at: key)
        try remove(Vesting.self, at: key)
        for payout in vesting.payouts { try credit(payout.account, payout.amount) }
        emit(.vestingReleased, [(.settlement, .digest(id))])
    }
}

extension Settlement.Role {
    /// The role's stable name in events and interfaces.
    package var name: String {
        switch self {
        case .contributor: "contributor"
        case .datanetOwner: "datanetOwner"
        case .adapterOwner: "adapterOwner"
        case .modelOwner: "modelOwner"
        case .provider: "provider"
        case .validator: "validator"
        case .treasury: "treasury"
        case .slash: "slash"
        }
    }
}
