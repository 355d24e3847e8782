import Cryptography
import Ledger
import Primitives

extension DifferentialRun {
    /// What differs first, or nil.
    func difference() throws -> String? {
        try moneyDifference() ?? stakeDifference() ?? dataDifference() ?? adapterDifference()
            ?? claimDifference() ?? channelDifference()
    }

    private func moneyDifference() throws -> String? {
        for sender in senders + hotKeys {
            let account = try world.account(sender.address)
            let balance = naive.balances[sender.address, default: 0]
            if account.balance.units != balance {
                return "balance \(account.balance) \(Amount(units: balance))"
            }
            if account.nonce != naive.nonces[sender.address, default: 0] { return "nonce" }
        }
        let pools = try world.pools()
        if pools.treasury.units != naive.treasury {
            return "treasury \(pools.treasury) \(Amount(units: naive.treasury))"
        }
        return pools.rewardPool.units == naive.rewardPool ? nil : "reward pool"
    }

    private func stakeDifference() throws -> String? {
        for (owner, member) in naive.members {
            guard let record: ValidatorRecord = try world.entry(StateKey.validator(owner)) else {
                return "validator missing"
            }
            let pools = [record.bonded, record.unbonding].map {
                NaiveLedger.Pool(tokens: $0.tokens.units, shares: $0.shares)
            }
            if pools != [member.bonded, member.leaving] { return "stake \(pools) \(member)" }
            if record.rewards.units != member.rewards { return "rewards" }
            var status = member.jailedUntil.map { ValidatorRecord.Status.jailed(until: Height($0)) }
            if member.isOut { status = .tombstoned }
            if record.status != status ?? .active { return "status \(record.status) \(member)" }
            if record.key != member.key || record.nextKey?.key != member.nextKey { return "key" }
            if record.commissionPerMille != UInt16(member.commission) { return "commission" }
            if record.missedVotes.total != UInt64(member.missed.count) { return "missed votes" }
        }
        for (place, shares) in naive.owned {
            let key = StateKey.delegation(place.member, place.delegator)
            let held: Delegation? = try world.entry(key)
            if held?.shares != shares { return "delegation" }
        }
        let set = world.validators.validators.map { ($0.address, $0.power) }
        let expected = naive.set.map { ($0.owner, $0.power) }
        func order(_ left: (Address, UInt64), _ right: (Address, UInt64)) -> Bool {
            (right.1, left.0) < (left.1, right.0)
        }
        let isSame = set.sorted(by: order).elementsEqual(expected.sorted(by: order), by: ==)
        return isSame ? nil : "set \(set) \(expected)"
    }

    private func dataDifference() throws -> String? {
        for (id, net) in naive.nets {
            guard let record: Datanet = try world.entry(StateKey.datanet(id)) else {
                return "Datanet missing"
            }
            let hidden = net.gifts.firstIndex { naive.gifts[$0]?.standing == .hidden }
            let counts = [record.contributions, record.frozen, record.snapshots, record.resolved]
            let expected = [
                net.gifts.count, net.frozen, net.snapshots.count, hidden ?? net.gifts.count,
            ]
            if counts.map(Int.init) != expected { return "Datanet \(counts) \(expected)" }
            if record.latestSnapshot != net.snapshots.last { return "latest snapshot" }
        }
        for (id, gift) in naive.gifts {
            let record: Contribution? = try world.entry(StateKey.contribution(id))
            let standing: NaiveLedger.Gift.Standing? = record.map {
                switch $0.status {
                case .committed: .hidden
                case .revealed(let content): .open(records: UInt64(content.recordCount))
                case .expired: .expired
                }
            }
            if standing != gift.standing { return "contribution \(gift)" }
        }
        for (stake, amount) in naive.bonds {
            let key = StateKey.contributorBond(stake.net, stake.giver)
            let record: ContributorBond? = try world.entry(key)
            if (record?.amount ?? .zero).units != amount { return "contributor's bond" }
        }
        return nil
    }

    private func adapterDifference() throws -> String? {
        for (id, piece) in naive.adapters {
            let record = try world.adapter(id)
            if record.bond.units != piece.bond { return "adapter's bond" }
            let marks = [record.isIndexed, record.isReproduced, record.isRevoked]
            let expected = [piece.isIndexed, piece.isReproduced, piece.isRevoked]
            if marks != expected { return "adapter \(marks) \(expected)" }
        }
        return nil
    }

    private func claimDifference() throws -> String? {
        for (id, claim) in naive.claims {
            let record = try world.claim(id)
            if record.phase != claim.phase {
                return "\(claim.terms.kind) claim \(record.phase) \(claim.phase)"
            }
            if record.bond.units != claim.bond || record.fee.units != claim.fee {
                return "claim's money \(record.bond) \(record.fee) \(claim)"
            }
            if claim.isOver, claim.bond + claim.fee > 0 { return "money of nobody in \(claim)" }
            if record.challenge?.bond.units != claim.protest?.bond { return "challenge" }
            if record.dispute.map({ Int($0.number) }) != claim.dispute { return "dispute" }
            if Int(record.attempt) != claim.attempt { return "attempt" }
            if record.isUsed != claim.isUsed { return "used" }
            if record.verifiers != claim.verifiers { return "verifiers" }
            if !claim.isOver, record.deadline.value != claim.due { return "deadline of \(claim)" }
            if let error = drawError(claim) { return error }
        }
        return nil
    }

    /// A committee that was drawn in this block has to be one that may be drawn.
    private func drawError(_ claim: NaiveLedger.Case) -> String? {
        let rules = naive.parameters.claims
        guard claim.phase == .committing, claim.due == naive.height + rules.commitHeights,
            claim.judges.allSatisfy({ $0.hidden == nil })
        else { return nil }
        let others = naive.setBefore.filter { $0.owner != claim.claimant }
        let allowed = others.isEmpty ? naive.setBefore : others
        let seats = Dictionary(allowed.map { ($0.owner, $0) }, uniquingKeysWith: { $1 })
        let isDistinct = Set(claim.judges.map(\.owner)).count == claim.judges.count
        let isFull = claim.judges.count == min(Int(rules.committeeSize), allowed.count)
        let isAllowed = claim.judges.allSatisfy {
            let seat = seats[$0.owner]
            return seat?.power == $0.power && seat.map { Address(firstKey: $0.key) } == $0.hot
        }
        return isDistinct && isFull && isAllowed ? nil : "committee \(claim.judges) \(allowed)"
    }

    private func channelDifference() throws -> String? {
        for (id, purse) in naive.channels {
            guard let record: Channel = try world.entry(StateKey.channel(id)) else {
                return "channel missing"
            }
            if record.deposit.units != purse.deposit || record.spent.units != purse.spent
                || record.sequence != purse.sequence || record.closes?.value != purse.closes
            {
                return "channel \(record) \(purse)"
            }
        }
        let totals: SupplyTotals? = try world.entry(StateKey.supply)
        let vesting = naive.earnings.reduce(UInt128(0)) { $0 + $1.amount }
        let locked = naive.channels.values.reduce(UInt128(0)) { $0 + $1.deposit }
        if totals?[.vesting].units != vesting { return "vesting" }
        return totals?[.channels].units == locked ? nil : "channels"
    }
}
