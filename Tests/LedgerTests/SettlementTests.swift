import Commitments
import Ledger
import Primitives
import Testing

@Suite("Settlement") struct SettlementTests {
    private func payouts(_ settlement: Settlement, _ role: Settlement.Role) -> [Amount] {
        settlement.payouts.filter { $0.role == role }.map(\.amount)
    }

    @Test("fees go to everyone who made the answers, by net influence, and sum to the whole")
    func pays() throws {
        let serving = try Serving(World())
        let world = serving.world
        let fee = Amount(tokens: 10)
        let rows = [
            try serving.row(1, fee: fee, weights: [60, 20, -20]),
            try serving.row(2, fee: fee, weights: [20, 40, -40]),
        ]
        let claims = try serving.claims(rows)
        let before = try world.balance(world.users[1])
        let id = try world.send(
            serving.provider,
            .settle(serving.settle(rows, claims, voucher: serving.voucher(Amount(tokens: 20))))
        )
        let settlement = try #require(try world.entry(StateKey.settlement(id), Settlement.self))
        let all = settlement.payouts.filter { $0.role != .slash }.map(\.amount)
        #expect(try all.reduce(.zero) { try $0.adding($1) } == Amount(tokens: 20))
        // 500 ‰ of 20 to contributors, a tenth of it to the Datanet's owner; nets are 80 and 60.
        let earned = try Amount(tokens: 9).split(weights: [UInt64(80), 60])
        for (place, amount) in earned.enumerated() {
            let line = settlement.payouts.first {
                $0.role == .contributor && $0.account == world.users[place + 1].address
            }
            #expect(line?.amount == amount)
        }
        #expect(payouts(settlement, .contributor).count == 2)
        #expect(payouts(settlement, .datanetOwner) == [Amount(tokens: 1)])
        #expect(payouts(settlement, .adapterOwner) == [Amount(tokens: 2)])
        #expect(payouts(settlement, .modelOwner) == [Amount(tokens: 1)])
        #expect(payouts(settlement, .provider) == [Amount(tokens: 4)])
        #expect(
            try payouts(settlement, .validator).reduce(.zero) { try $0.adding($1) }
                == Amount(tokens: 2)
        )
        #expect(payouts(settlement, .treasury) == [Amount(tokens: 1)])
        // User 3 hurt, and loses a fifth of its bond of 10.
        #expect(payouts(settlement, .slash) == [Amount(tokens: 2)])
        #expect(try world.balance(world.users[1]) == before, "it vests")
        try world.blocks(2)
        #expect(try world.balance(world.users[1]) == before.adding(earned[0]))
        #expect(try world.claim(claims.inference).isUsed)
    }

    @Test("one contributor's part is capped, and the rest goes to the treasury")
    func capped() throws {
        let serving = try Serving(World())
        let rows = [try serving.row(1, fee: Amount(tokens: 20), weights: [100])]
        let claims = try serving.claims(rows)
        let id = try serving.world.send(
            serving.provider,
            .settle(serving.settle(rows, claims, voucher: serving.voucher(Amount(tokens: 20))))
        )
        let settlement = try #require(
            try serving.world.entry(StateKey.settlement(id), Settlement.self)
        )
        // 800 ‰ of 9.
        let cap = try Amount(tokens: 9).scaled(by: UInt64(800), over: UInt64(1_000))
        #expect(payouts(settlement, .contributor) == [cap])
        let rest = try Amount(tokens: 10).subtracting(cap)
        #expect(payouts(settlement, .treasury) == [rest])
    }

    @Test("when nobody's data helped, nobody's data is paid")
    func harmful() throws {
        let serving = try Serving(World())
        let rows = [
            try serving.row(1, fee: Amount(tokens: 1), weights: [50, -50]),
            try serving.row(2, fee: Amount(tokens: 1), weights: [-60, 40]),
        ]
        let claims = try serving.claims(rows)
        let id = try serving.world.send(
            serving.provider,
            .settle(serving.settle(rows, claims, voucher: serving.voucher(Amount(tokens: 2))))
        )
        let settlement = try #require(
            try serving.world.entry(StateKey.settlement(id), Settlement.self)
        )
        #expect(payouts(settlement, .contributor).isEmpty)
    }

    @Test("a settlement that proves too little is refused, and changes nothing")
    func refusals() throws {
        let serving = try Serving(World())
        let world = serving.world
        let fee = Amount(tokens: 10)
        let rows = [
            try serving.row(1, fee: fee, weights: [10]),
            try serving.row(2, fee: fee, weights: [20]),
        ]
        let claims = try serving.claims(rows)
        let voucher = serving.voucher(Amount(tokens: 20))
        let good = serving.settle(rows, claims, voucher: voucher)
        func refusal(_ body: Settle, by sender: Actor? = nil) throws -> Refusal? {
            try world.refusal(sender ?? serving.provider, .settle(body))
        }
        func with(
            rows: [SettlementRow]? = nil,
            vouchers: [Voucher]? = nil,
            claims other: [Digest]? = nil
        ) -> Settle {
            Settle(
                inferenceClaim: other?.first ?? claims.inference,
                attributionClaim: other?.last ?? claims.attribution,
                vouchers: vouchers ?? [voucher],
                rows: rows ?? good.rows
            )
        }
        #expect(try refusal(good, by: world.users[2]) == .notProvider)
        #expect(
            try refusal(with(claims: [claims.attribution, claims.inference])) == .wrongClaimKind
        )
        #expect(try refusal(with(claims: [.zero, claims.attribution])) == .unknownClaim)
        #expect(try refusal(with(rows: [rows[0]])) == .rowsMismatch)
        #expect(try refusal(with(rows: [rows[1], rows[0]])) == .rowsMismatch)
        let cheaper = try serving.row(2, fee: Amount(tokens: 9), weights: [20])
        #expect(try refusal(with(rows: [rows[0], cheaper])) == .rowsMismatch)
        let tilted = try serving.row(2, fee: fee, weights: [21])
        #expect(try refusal(with(rows: [rows[0], tilted])) == .rowsMismatch)
        #expect(
            try refusal(with(vouchers: [serving.voucher(Amount(tokens: 19))])) == .voucherExceeded
        )
        #expect(
            try refusal(with(vouchers: [serving.voucher(Amount(tokens: 20), by: world.users[1])]))
                == .invalidVoucher
        )
        #expect(try refusal(with(vouchers: [voucher, voucher])) == .duplicateVoucher)
        #expect(try refusal(with(vouchers: [])) == .rowsMismatch)
        let before = try world.entry(StateKey.channel(serving.channel), Channel.self)
        #expect(before?.spent == .zero)
        try world.send(serving.provider, .settle(good))
        #expect(try refusal(good) == .claimUsed)
    }

    @Test("a receipt pays once, even in claims of its own")
    func replay() throws {
        let serving = try Serving(World())
        let rows = [try serving.row(1, fee: Amount(tokens: 1), weights: [10])]
        let voucher = serving.voucher(Amount(tokens: 50))
        let first = try serving.claims(rows)
        try serving.world.send(
            serving.provider,
            .settle(serving.settle(rows, first, voucher: voucher))
        )
        let second = try serving.claims(rows)
        #expect(
            try serving.world.refusal(
                serving.provider,
                .settle(serving.settle(rows, second, voucher: voucher))
            )
                == .sequenceNotIncreasing
        )
    }

    @Test("vouchers beyond the deposit, other adapters' channels and open claims do not pay")
    func limits() throws {
        let serving = try Serving(World())
        let world = serving.world
        let rows = [try serving.row(1, fee: Amount(tokens: 101), weights: [10])]
        let inference = try world.send(
            serving.provider,
            .submitClaim(serving.claimTerms(.inference, rows))
        )
        let attribution = try world.send(
            serving.provider,
            .submitClaim(serving.claimTerms(.attribution, rows))
        )
        let body = serving.settle(
            rows,
            (inference, attribution),
            voucher: serving.voucher(Amount(tokens: 101))
        )
        #expect(try world.refusal(serving.provider, .settle(body)) == .claimNotFinal)
        let claims = try serving.claims(rows)
        let final = serving.settle(rows, claims, voucher: serving.voucher(Amount(tokens: 101)))
        #expect(try world.refusal(serving.provider, .settle(final)) == .depositExceeded)
    }

    /// A voucher for a second channel of the same payer and provider.
    private func voucher(_ serving: Serving, for adapter: Digest?) throws -> Voucher {
        let world = serving.world
        let channel = try world.send(
            serving.payer,
            .openChannel(
                OpenChannel(
                    provider: serving.provider.address,
                    adapter: adapter,
                    deposit: Amount(tokens: 5)
                )
            )
        )
        let message = Voucher.signBytes(
            chain: world.genesis.chain,
            channel: channel,
            cumulative: Amount(tokens: 1)
        )
        return Voucher(
            channel: channel,
            cumulative: Amount(tokens: 1),
            signature: serving.payer.sign(message)
        )
    }

    @Test("a channel for another adapter, an unused voucher, and free answers are refused")
    func mismatches() throws {
        let serving = try Serving(World())
        let world = serving.world
        let model = try world.registerModel(world.users[4], weights: "more")
        let snapshot = try world.adapter(serving.adapter).terms.snapshot
        let other = try world.send(
            world.users[5],
            .commitAdapter(World.adapterTerms("second", model: model, snapshot: snapshot))
        )
        let rows = [try serving.row(1, fee: Amount(tokens: 1), weights: [10])]
        let claims = try serving.claims(rows)
        let own = serving.voucher(Amount(tokens: 1))
        func refusal(_ extra: Voucher) throws -> Refusal? {
            let body = Settle(
                inferenceClaim: claims.inference,
                attributionClaim: claims.attribution,
                vouchers: [own, extra],
                rows: rows
            )
            return try world.refusal(serving.provider, .settle(body))
        }
        #expect(try refusal(try voucher(serving, for: other)) == .channelMismatch)
        #expect(try refusal(try voucher(serving, for: nil)) == .unusedVoucher)
        let free = [try serving.row(1, fee: .zero, weights: [10])]
        let freeClaims = try serving.claims(free)
        let unpaid = serving.settle(free, freeClaims, voucher: own)
        #expect(try world.refusal(serving.provider, .settle(unpaid)) == .zeroFees)
    }

    @Test("a sampled claim pays at most as many bonds as it has pay-weighted draws")
    func bondLimit() throws {
        let serving = try Serving(World())
        // Nine rows are sampled by four weighted draws; the bond is 10.
        let rows = { (first: UInt64, fee: UInt64) in
            try (0..<9).map {
                try serving.row(
                    first + $0,
                    fee: Amount(tokens: $0 == 0 ? fee : 1),
                    weights: [10]
                )
            }
        }
        let dear = try rows(1, 33)
        let claims = try serving.claims(dear)
        let voucher = serving.voucher(Amount(tokens: 90))
        #expect(
            try serving.world.refusal(
                serving.provider,
                .settle(serving.settle(dear, claims, voucher: voucher))
            )
                == .bondTooSmall
        )
        let fair = try rows(1, 32)
        let others = try serving.claims(fair)
        try serving.world.send(
            serving.provider,
            .settle(serving.settle(fair, others, voucher: voucher))
        )
    }

    @Test("a payer gets the rest of its deposit back after the provider's time to settle")
    func closing() throws {
        let serving = try Serving(World())
        let world = serving.world
        let before = try world.balance(serving.payer)
        #expect(
            try world.refusal(world.users[1], .closeChannel(channel: serving.channel))
                == .notChannelParty
        )
        #expect(
            try world.refusal(world.users[1], .closeChannel(channel: .zero)) == .unknownChannel
        )
        try world.send(serving.payer, .closeChannel(channel: serving.channel))
        #expect(
            try world.refusal(serving.payer, .closeChannel(channel: serving.channel))
                == .channelClosing
        )
        try world.blocks(Int(world.parameters.settlement.channelCloseHeights))
        #expect(world.state.values[StateKey.channel(serving.channel)] == nil)
        let fees = try World.fee.adding(World.fee)
        #expect(
            try world.balance(serving.payer) == before.adding(Amount(tokens: 100)).subtracting(fees)
        )
    }

    @Test("a provider may close at once, also while the payer's closing is pending")
    func providerCloses() throws {
        let serving = try Serving(World())
        let world = serving.world
        try world.send(serving.payer, .closeChannel(channel: serving.channel))
        try world.send(serving.provider, .closeChannel(channel: serving.channel))
        #expect(world.state.values[StateKey.channel(serving.channel)] == nil)
        try world.blocks(Int(world.parameters.settlement.channelCloseHeights))
    }

    @Test("a channel needs a deposit, and an adapter that exists")
    func opening() throws {
        let world = try World()
        let open = { (adapter: Digest?, deposit: UInt64) in
            Action.openChannel(
                OpenChannel(
                    provider: world.users[1].address,
                    adapter: adapter,
                    deposit: Amount(tokens: deposit)
                )
            )
        }
        #expect(try world.refusal(world.users[0], open(nil, 0)) == .amountZero)
        #expect(try world.refusal(world.users[0], open(.zero, 1)) == .unknownAdapter)
        #expect(
            try world.refusal(world.users[0], open(nil, 2_000_000)) == .insufficientBalance
        )
    }
}
