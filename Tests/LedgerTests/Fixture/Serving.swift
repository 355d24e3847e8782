import Commitments
import Ledger
import Primitives
import Testing

/// Answers that user 5 served to user 6 over one channel, up to the settlement.
struct Serving {
    let world: World
    let datanet: Digest
    let adapter: Digest
    let channel: Digest
    var provider: Actor { world.users[5] }
    var payer: Actor { world.users[6] }

    /// A verified adapter and a channel with 100 OPEN.
    init(_ world: World) throws {
        self.world = world
        (datanet, adapter) = try world.verifiedAdapter()
        channel = try world.send(
            world.users[6],
            .openChannel(
                OpenChannel(
                    provider: world.users[5].address,
                    adapter: adapter,
                    deposit: Amount(tokens: 100)
                )
            )
        )
    }

    /// One row: the weights are those of users 1, 2 and 3, in units of 2^32 / 100.
    func row(_ sequence: UInt64, fee: Amount, weights: [Int64]) throws -> SettlementRow {
        let receipt = receipt(sequence, fee: fee)
        let shares = weights.enumerated().map { place, weight in
            ContributorShare(
                contributor: world.users[place + 1].address,
                weight: weight * (ContributorShare.scale / 100)
            )
        }
        return SettlementRow(
            voucher: 0,
            sequence: sequence,
            body: receipt.body,
            attribution: try #require(
                QueryAttribution(
                    receipt: receipt.digest,
                    fee: fee,
                    scores: World.digest("scores"),
                    shares: shares
                )
            )
        )
    }

    func receipt(_ sequence: UInt64, fee: Amount) -> InferenceReceipt {
        InferenceReceipt(
            channel: channel,
            sequence: sequence,
            adapter: adapter,
            prompt: [1, 2],
            completion: [3],
            maxTokens: 8,
            fee: fee
        )
    }

    func voucher(_ amount: Amount, by signer: Actor? = nil) -> Voucher {
        let message = Voucher.signBytes(
            chain: world.genesis.chain,
            channel: channel,
            cumulative: amount
        )
        return Voucher(
            channel: channel,
            cumulative: amount,
            signature: (signer ?? payer).sign(message)
        )
    }

    func claimTerms(_ kind: JobKind, _ rows: [SettlementRow]) -> SubmitClaim {
        let units =
            kind == .inference
            ? rows.map(\.attribution.receipt) : rows.map(\.attribution.digest)
        return SubmitClaim(
            kind: kind,
            subject: adapter,
            artifact: World.digest("receipts"),
            outputArtifact: kind == .attribution ? World.digest("rows") : nil,
            unitCount: UInt32(rows.count),
            outputRoot: outputRoot(of: units),
            bond: Amount(tokens: 10)
        )
    }

    /// Makes and finishes both claims for these rows.
    func claims(_ rows: [SettlementRow]) throws -> (inference: Digest, attribution: Digest) {
        let inference = try world.send(provider, .submitClaim(claimTerms(.inference, rows)))
        try world.finish(inference)
        let attribution = try world.send(provider, .submitClaim(claimTerms(.attribution, rows)))
        try world.finish(attribution)
        return (inference, attribution)
    }

    func settle(
        _ rows: [SettlementRow],
        _ claims: (inference: Digest, attribution: Digest),
        voucher: Voucher
    ) -> Settle {
        Settle(
            inferenceClaim: claims.inference,
            attributionClaim: claims.attribution,
            vouchers: [voucher],
            rows: rows
        )
    }
}
