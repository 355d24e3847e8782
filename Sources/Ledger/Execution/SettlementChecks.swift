// What a settlement has to prove before money moves: that its rows are the units of two final
// claims, and that the payers promised the fees.

import Commitments
import Primitives

extension BlockMachine {
    struct CheckedSettlement {
        let inference: Claim
        let attribution: Claim
        let adapter: Adapter
        /// The channels after payment, with their ids.
        let channels: [(id: Digest, channel: Channel)]
        let total: Amount
    }

    mutating func checkSettlement(
        _ body: Settle,
        by provider: Address
    ) throws(Abort) -> CheckedSettlement {
        let inference = try finalClaim(body.inferenceClaim, .inference, of: provider)
        let attribution = try finalClaim(body.attributionClaim, .attribution, of: provider)
        let subject = inference.terms.subject
        guard attribution.terms.subject == subject,
            attribution.terms.artifact == inference.terms.artifact
        else { throw .refused(.claimMismatch) }
        try checkRows(body, inference: inference, attribution: attribution)
        let (channels, total) = try checkChannels(body, adapter: subject, provider: provider)
        guard total > .zero else { throw .refused(.zeroFees) }
        for claim in [inference, attribution] { try checkBond(of: claim, covers: total) }
        return CheckedSettlement(
            inference: inference,
            attribution: attribution,
            adapter: try loadKnown(at: StateKey.adapter(subject)),
            channels: channels,
            total: total
        )
    }

    /// With m pay-weighted draws, inflating any share of the pay loses money as long as the total
    /// is at most m bonds (docs/protocol.md). A claim that was re-run whole needs no such limit.
    private func checkBond(of claim: Claim, covers total: Amount) throws(Abort) {
        let size = parameters.claims.sample(claim.terms.kind)
        guard !size.isWhole(claim.terms.unitCount) else { return }
        let (limit, overflow) = claim.terms.bond.units.multipliedReportingOverflow(
            by: UInt128(size.weighted)
        )
        guard overflow || total.units <= limit else { throw .refused(.bondTooSmall) }
    }

    private mutating func finalClaim(
        _ id: Digest,
        _ kind: JobKind,
        of claimant: Address
    ) throws(Abort) -> Claim {
        let claim: Claim = try load(at: StateKey.claim(id), or: .unknownClaim)
        guard claim.terms.kind == kind else { throw .refused(.wrongClaimKind) }
        guard claim.claimant == claimant else { throw .refused(.notProvider) }
        guard claim.phase == .final else { throw .refused(.claimNotFinal) }
        guard !claim.isUsed else { throw .refused(.claimUsed) }
        return claim
    }

    /// The rows are exactly the units of both claims, in order.
    private func checkRows(
        _ body: Settle,
        inference: Claim,
        attribution: Claim
    ) throws(Abort) {
        let count = body.rows.count
        guard count == Int(inference.terms.unitCount), count == Int(attribution.terms.unitCount)
        else { throw .refused(.rowsMismatch) }
        var receipts: [Digest] = []
        for row in body.rows {
            guard Int(row.voucher) < body.vouchers.count else { throw .refused(.rowsMismatch) }
            let receipt = ReceiptSummary(
                channel: body.vouchers[Int(row.voucher)].channel,
                sequence: row.sequence,
                adapter: inference.terms.subject,
                fee: row.attribution.fee,
                body: row.body
            ).digest
            guard receipt == row.attribution.receipt else { throw .refused(.rowsMismatch) }
            receipts.append(receipt)
        }
        guard outputRoot(of: receipts) == inference.terms.outputRoot,
            outputRoot(of: body.rows.map(\.attribution.digest)) == attribution.terms.outputRoot
        else { throw .refused(.rowsMismatch) }
    }

    private mutating func checkChannels(
        _ body: Settle,
        adapter: Digest,
        provider: Address
    ) throws(Abort) -> (channels: [(id: Digest, channel: Channel)], total: Amount) {
        let ids = body.vouchers.map(\.channel).sorted()
        guard zip(ids, ids.dropFirst()).allSatisfy({ $0 != $1 }) else {
            throw .refused(.duplicateVoucher)
        }
        var channels: [(id: Digest, channel: Channel)] = []
        for voucher in body.vouchers {
            let channel: Channel = try load(
                at: StateKey.channel(voucher.channel),
                or: .unknownChannel
            )
            guard channel.provider == provider else { throw .refused(.notProvider) }
            guard channel.adapter == nil || channel.adapter == adapter else {
                throw .refused(.channelMismatch)
            }
            guard voucher.isSigned(by: channel.payerKey, chain: record.chain) else {
                throw .refused(.invalidVoucher)
            }
            channels.append((voucher.channel, channel))
        }
        var spent = body.vouchers.map { _ in Amount.zero }
        for row in body.rows {
            let place = Int(row.voucher)
            guard row.sequence > channels[place].channel.sequence else {
                throw .refused(.sequenceNotIncreasing)
            }
            channels[place].channel.sequence = row.sequence
            spent[place] = try spent[place].plus(row.attribution.fee)
        }
        var total = Amount.zero
        for (place, voucher) in body.vouchers.enumerated() {
            guard body.rows.contains(where: { Int($0.voucher) == place }) else {
                throw .refused(.unusedVoucher)
            }
            var channel = channels[place].channel
            channel.spent = try channel.spent.plus(spent[place])
            guard channel.spent <= voucher.cumulative else { throw .refused(.voucherExceeded) }
            channel.deposit = try channel.deposit.minus(spent[place], or: .depositExceeded)
            channels[place].channel = channel
            total = try total.plus(spent[place])
        }
        return (channels, total)
    }
}
