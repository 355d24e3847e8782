import Commitments
import Ledger
import Primitives

/// Channels and settlements once more.
extension NaiveLedger {
    struct Purse: Equatable {
        let payer: Address
        let key: PublicKey
        let provider: Address
        let adapter: Digest?
        var deposit: UInt128
        var spent: UInt128 = 0
        var sequence: UInt64 = 0
        var closes: UInt64?
    }

    struct Earning: Equatable {
        let due: UInt64
        let who: Address
        let amount: UInt128
    }

    mutating func open(_ body: OpenChannel, _ sender: Address, _ key: PublicKey, _ id: Digest)
        -> Bool
    {
        guard body.deposit > .zero, body.adapter.map({ adapters[$0] != nil }) ?? true,
            pay(sender, body.deposit.units)
        else { return false }
        channels[id] = Purse(
            payer: sender,
            key: key,
            provider: body.provider,
            adapter: body.adapter,
            deposit: body.deposit.units
        )
        return true
    }

    mutating func close(_ id: Digest, _ sender: Address) -> Bool {
        guard let purse = channels[id] else { return false }
        if sender == purse.provider {
            balances[purse.payer, default: 0] += purse.deposit
            channels[id] = nil
            return true
        }
        guard sender == purse.payer, purse.closes == nil else { return false }
        channels[id]?.closes = height + parameters.settlement.channelCloseHeights
        return true
    }

    mutating func moneyDue() {
        for (id, purse) in channels where purse.closes == height {
            balances[purse.payer, default: 0] += purse.deposit
            channels[id] = nil
        }
        for entry in earnings where entry.due == height {
            balances[entry.who, default: 0] += entry.amount
        }
        earnings.removeAll { $0.due == height }
    }

    mutating func settle(_ body: Settle, _ sender: Address) -> Bool {
        guard let inference = claims[body.inferenceClaim],
            let attribution = claims[body.attributionClaim],
            inference.terms.kind == .inference, attribution.terms.kind == .attribution,
            inference.phase == .final, attribution.phase == .final, !inference.isUsed,
            !attribution.isUsed, inference.terms.subject == attribution.terms.subject,
            inference.claimant == sender, attribution.claimant == sender,
            inference.terms.artifact == attribution.terms.artifact,
            let piece = adapters[inference.terms.subject],
            areUnits(body.rows.map(\.attribution.receipt), inference.terms),
            areUnits(body.rows.map(\.attribution.digest), attribution.terms)
        else { return false }
        let total = body.rows.reduce(UInt128(0)) { $0 + $1.attribution.fee.units }
        guard total > 0, isBonded(total, inference), isBonded(total, attribution),
            take(body, adapter: inference.terms.subject, sender)
        else { return false }
        claims[body.inferenceClaim]?.isUsed = true
        claims[body.attributionClaim]?.isUsed = true
        divide(
            total,
            body.rows,
            piece,
            provider: sender,
            verifiers: inference.verifiers + attribution.verifiers
        )
        return true
    }

    private func areUnits(_ digests: [Digest], _ terms: SubmitClaim) -> Bool {
        digests.count == Int(terms.unitCount) && outputRoot(of: digests) == terms.outputRoot
    }

    /// A claim carries as many bonds as its sample has weighted draws, unless it was re-run whole.
    private func isBonded(_ total: UInt128, _ claim: Case) -> Bool {
        let size = parameters.claims.samples[Int(claim.terms.kind.rawValue)]
        return claim.terms.unitCount <= max(size.whole, size.uniform)
            || total <= UInt128(size.weighted) * claim.terms.bond.units
    }

    /// Takes each row's fee from its channel.
    private mutating func take(_ body: Settle, adapter: Digest, _ provider: Address) -> Bool {
        guard Set(body.vouchers.map(\.channel)).count == body.vouchers.count else { return false }
        var used: Set<UInt16> = []
        for row in body.rows {
            guard Int(row.voucher) < body.vouchers.count else { return false }
            let voucher = body.vouchers[Int(row.voucher)]
            let fee = row.attribution.fee.units
            let receipt = ReceiptSummary(
                channel: voucher.channel,
                sequence: row.sequence,
                adapter: adapter,
                fee: row.attribution.fee,
                body: row.body
            )
            guard var purse = channels[voucher.channel], purse.provider == provider,
                purse.adapter.map({ $0 == adapter }) ?? true,
                receipt.digest == row.attribution.receipt,
                row.sequence > purse.sequence, purse.deposit >= fee,
                voucher.cumulative.units >= purse.spent + fee
            else { return false }
            purse.sequence = row.sequence
            purse.deposit -= fee
            purse.spent += fee
            channels[voucher.channel] = purse
            used.insert(row.voucher)
        }
        return used.count == body.vouchers.count
            && body.vouchers.allSatisfy { voucher in
                channels[voucher.channel].map { voucher.isSigned(by: $0.key, chain: chain) }
                    ?? false
            }
    }

    private mutating func divide(
        _ total: UInt128,
        _ rows: [SettlementRow],
        _ piece: Piece,
        provider: Address,
        verifiers: [Address]
    ) {
        guard let model = models[piece.terms.model], let place = snapshots[piece.terms.snapshot],
            let net = nets[place]
        else { return }
        let rules = parameters.settlement
        let unasked = UInt128(rules.modelOwnerPerMille) - model.share
        let parts = Self.parts(
            total,
            [
                UInt128(rules.contributorsPerMille) + unasked, UInt128(rules.adapterOwnerPerMille),
                model.share, UInt128(rules.providerPerMille), UInt128(rules.validatorsPerMille),
                UInt128(rules.treasuryPerMille),
            ]
        )
        let owners = Self.perMille(parts[0], net.ownerPart)
        earn(net.owner, owners)
        earn(piece.owner, parts[1])
        earn(model.owner, parts[2])
        earn(provider, parts[3])
        for (who, part) in zip(verifiers, Self.parts(parts[4], verifiers.map { _ in 1 })) {
            reward(who, part)
        }
        treasury += parts[5]
        payContributors(parts[0] - owners, rows, place)
    }

    private mutating func payContributors(
        _ amount: UInt128,
        _ rows: [SettlementRow],
        _ net: Digest
    ) {
        var sums: [Address: Int128] = [:]
        for row in rows {
            for share in row.attribution.shares {
                sums[share.contributor, default: 0] +=
                    Int128(share.weight) * Int128(row.attribution.fee.units)
            }
        }
        let rules = parameters.settlement
        let cap = Self.perMille(amount, UInt128(rules.contributorCapPerMille))
        let gainers = sums.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        var rest = amount
        let parts = Self.parts(amount, gainers.map { UInt128($0.value) })
        for (place, gainer) in gainers.enumerated() {
            let part = min(parts[place], cap)
            earn(gainer.key, part)
            rest -= part
        }
        treasury += rest
        for loser in sums where loser.value < 0 {
            let stake = Stake(net: net, giver: loser.key)
            let lost = Self.perMille(
                bonds[stake, default: 0],
                UInt128(rules.negativeSlashPerMille)
            )
            bonds[stake, default: 0] -= lost
            treasury += lost
        }
    }

    private mutating func earn(_ who: Address, _ amount: UInt128) {
        guard amount > 0 else { return }
        earnings.append(
            Earning(due: height + parameters.settlement.vestingHeights, who: who, amount: amount)
        )
    }

    /// An amount by weights: each part rounded down, then one unit more for the largest rests,
    /// the earlier first.
    static func parts(_ amount: UInt128, _ weights: [UInt128]) -> [UInt128] {
        let sum = weights.reduce(0, +)
        guard sum > 0 else { return weights.map { _ in 0 } }
        var parts = weights.map { part(amount, $0, sum) ?? 0 }
        let rests = weights.enumerated().map {
            (place: $0.offset, rest: rest(amount, $0.element, sum))
        }
        .sorted { ($1.rest, $0.place) < ($0.rest, $1.place) }
        for entry in rests.prefix(Int(amount - parts.reduce(0, +))) { parts[entry.place] += 1 }
        return parts
    }

    /// What `first · second / divisor` leaves.
    private static func rest(_ first: UInt128, _ second: UInt128, _ divisor: UInt128) -> UInt128 {
        let whole = part(first, second, divisor) ?? 0
        return first &* second &- whole &* divisor
    }
}
