import Commitments
import Ledger
import Primitives
import Testing

@Suite("Claim refusals") struct ClaimRefusalTests {
    private func changed(
        _ terms: SubmitClaim,
        kind: JobKind? = nil,
        subject: Digest? = nil,
        covers: UInt32? = nil,
        artifact: Digest? = nil,
        output: Digest?? = nil,
        units: UInt32? = nil,
        root: Digest? = nil,
        bond: Amount? = nil
    ) -> Action {
        .submitClaim(
            SubmitClaim(
                kind: kind ?? terms.kind,
                subject: subject ?? terms.subject,
                covers: covers ?? terms.covers,
                artifact: artifact ?? terms.artifact,
                outputArtifact: output ?? terms.outputArtifact,
                unitCount: units ?? terms.unitCount,
                outputRoot: root ?? terms.outputRoot,
                bond: bond ?? terms.bond
            )
        )
    }

    /// Windows that outlast many refused transactions, of one block each.
    private static func slow(_ parameters: inout ChainParameters) {
        parameters.claims.commitHeights = 40
        parameters.claims.revealHeights = 40
        parameters.claims.challengeHeights = 40
        parameters.settlement.channelCloseHeights = 400
    }

    @Test("a training claim says exactly what the adapter committed to, once, by its owner")
    func training() throws {
        let world = try World()
        let (_, adapter) = try world.committedAdapter()
        let terms = try world.adapterClaim(.training, adapter)
        let owner = world.users[5]
        func refusal(_ action: Action, by sender: Actor? = nil) throws -> Refusal? {
            try world.refusal(sender ?? owner, action)
        }
        #expect(try refusal(changed(terms, subject: .zero)) == .unknownAdapter)
        #expect(try refusal(changed(terms), by: world.users[1]) == .notOwner)
        #expect(try refusal(changed(terms, units: 0)) == .emptyClaim)
        #expect(try refusal(changed(terms, units: 100_001)) == .tooManyUnits)
        #expect(try refusal(changed(terms, units: 5)) == .claimMismatch)
        #expect(try refusal(changed(terms, root: .zero)) == .claimMismatch)
        #expect(try refusal(changed(terms, artifact: .zero)) == .claimMismatch)
        #expect(try refusal(changed(terms, covers: 1)) == .claimMismatch)
        #expect(try refusal(changed(terms, output: .some(.zero))) == .claimMismatch)
        #expect(try refusal(changed(terms, bond: Amount(tokens: 9))) == .bondTooSmall)
        #expect(
            try refusal(changed(terms, bond: Amount(tokens: 9_000_000))) == .insufficientBalance
        )
        try world.send(owner, .submitClaim(terms))
        #expect(try refusal(changed(terms)) == .claimExists)
    }

    @Test("a screening claim covers resolved contributions, and every one of their records")
    func screening() throws {
        let world = try World()
        let datanet = try world.createDatanet(world.users[0])
        let user = world.users[7]
        let empty = world.screening(datanet, covers: 0, records: 1)
        #expect(try world.refusal(user, .submitClaim(empty)) == .claimMismatch)
        let none = world.screening(datanet, covers: 1, records: 1)
        #expect(try world.refusal(user, .submitClaim(none)) == .claimMismatch)
        try world.contribute(world.users[1], to: datanet, "one", records: 2)
        let wrong = world.screening(datanet, covers: 1, records: 3)
        #expect(try world.refusal(user, .submitClaim(wrong)) == .claimMismatch)
        let nowhere = world.screening(.zero, covers: 1, records: 2)
        #expect(try world.refusal(user, .submitClaim(nowhere)) == .unknownDatanet)
        let hidden = try world.commit(world.users[1], to: datanet, "hidden")
        try world.blocks(6)
        #expect(
            try world.entry(StateKey.contribution(hidden), Contribution.self)?.status == .expired
        )
    }

    @Test("only expired contributions leave nothing to screen")
    func nothing() throws {
        let world = try World()
        let datanet = try world.createDatanet(world.users[0])
        _ = try world.commit(world.users[1], to: datanet, "hidden")
        try world.blocks(6)
        #expect(
            try world.refusal(
                world.users[7],
                .submitClaim(world.screening(datanet, covers: 1, records: 1))
            )
                == .nothingToScreen
        )
    }

    @Test("answers are claimed for known adapters, and attributed by indexed ones")
    func serving() throws {
        let world = try World()
        let (_, adapter) = try world.committedAdapter()
        let terms = SubmitClaim(
            kind: .attribution,
            subject: adapter,
            artifact: .zero,
            outputArtifact: .zero,
            unitCount: 1,
            outputRoot: .zero,
            bond: Amount(tokens: 10)
        )
        let user = world.users[5]
        #expect(try world.refusal(user, changed(terms)) == .adapterNotIndexed)
        #expect(try world.refusal(user, changed(terms, output: .some(nil))) == .claimMismatch)
        #expect(try world.refusal(user, changed(terms, subject: .zero)) == .unknownAdapter)
        let inference = changed(terms, kind: .inference, output: .some(nil))
        #expect(try world.refusal(user, inference) == nil)
        try world.send(user, .revokeAdapter(adapter: adapter))
        #expect(try world.refusal(user, inference) == .adapterRevoked)
    }

    @Test("verdicts come from the panel, in their phase, once, and as they were hidden")
    func verdicts() throws {
        let world = try World(adjust: Self.slow)
        let (_, adapter) = try world.committedAdapter()
        let claim = try world.send(
            world.users[5],
            .submitClaim(try world.adapterClaim(.training, adapter))
        )
        let salt = World.digest("salt")
        let trace = World.digest("trace")
        func commit(_ digest: Digest) -> Action {
            .commitVerdict(CommitVerdict(claim: claim, digest: digest))
        }
        func reveal(_ verdict: Verdict, _ trace: Digest) -> Action {
            .revealVerdict(RevealVerdict(claim: claim, verdict: verdict, trace: trace, salt: salt))
        }
        let user = world.users[0]
        #expect(try world.refusal(user, commit(.zero)) == .wrongPhase)
        try world.draw(claim)
        let unknown = Action.commitVerdict(CommitVerdict(claim: .zero, digest: .zero))
        #expect(try world.refusal(user, unknown) == .unknownClaim)
        #expect(try world.refusal(user, commit(.zero)) == .notOnPanel)
        #expect(try world.refusal(user, commit(.zero), fee: .zero) == .feeTooLow)
        let members = try world.panel(claim).members
        let sayings: [(Verdict, Digest)] = [
            (.valid, trace), (.invalid(unit: 9, expected: .zero), trace), (.unavailable, trace),
        ]
        for (member, saying) in zip(members, sayings) {
            let hot = try world.hot(member.validator)
            #expect(try world.refusal(hot, reveal(.valid, trace), fee: .zero) == .wrongPhase)
            let digest = saying.0.commitment(
                claim: claim,
                trace: saying.1,
                salt: salt,
                validator: member.validator
            )
            try world.send(hot, commit(digest), fee: .zero)
            if member == members[0] {
                try world.send(
                    world.users[0],
                    .transfer(Transfer(to: hot.address, amount: Amount(tokens: 1)))
                )
                #expect(try world.refusal(hot, commit(digest)) == .alreadyCommitted)
            }
        }
        let first = try world.hot(members[0].validator)
        #expect(try world.claim(claim).phase == .revealing)
        #expect(try world.refusal(user, commit(.zero)) == .wrongPhase)
        #expect(try world.refusal(user, reveal(.valid, trace)) == .notOnPanel)
        #expect(try world.refusal(first, reveal(.valid, .zero), fee: .zero) == .verdictMismatch)
        let second = try world.hot(members[1].validator)
        #expect(
            try world.refusal(second, reveal(sayings[1].0, trace), fee: .zero) == .unitOutOfRange
        )
        let third = try world.hot(members[2].validator)
        #expect(
            try world.refusal(third, reveal(.unavailable, trace), fee: .zero) == .invalidVerdict
        )
        try world.send(first, reveal(.valid, trace), fee: .zero)
        #expect(try world.refusal(first, reveal(.valid, trace), fee: .zero) == .alreadyRevealed)
    }

    @Test("a verdict without a fee stands in no block unless it is taken: nothing is free twice")
    func freeVerdicts() throws {
        let world = try World(adjust: Self.slow)
        let (_, adapter) = try world.committedAdapter()
        let claim = try world.send(
            world.users[5],
            .submitClaim(try world.adapterClaim(.training, adapter))
        )
        try world.draw(claim)
        let panel = try world.panel(claim).members
        try world.judge(claim, [.valid, .valid, .silent])
        let silent = try world.hot(panel[2].validator)
        let late = Action.commitVerdict(CommitVerdict(claim: claim, digest: .zero))
        for fee in [Amount.zero, Amount(units: 1)] {
            let nonce = try world.account(silent.address).nonce
            try world.send(
                world.users[0],
                .transfer(Transfer(to: silent.address, amount: Amount(tokens: 1)))
            )
            let outcome = try world.block([try world.transaction(silent, late, fee: fee)])
            #expect(outcome.excluded.map(\.refusal) == [.wrongPhase])
            #expect(outcome.receipts.isEmpty)
            #expect(try world.account(silent.address).nonce == nonce)
            #expect(try world.audited() == world.entry(StateKey.supply))
        }
        #expect(try world.refusal(silent, late) == .wrongPhase, "whoever pays may ask in vain")
    }

    @Test("only an accepted claim is challenged, on a unit that it has, with a bond")
    func challenges() throws {
        let world = try World(adjust: Self.slow)
        let (_, adapter) = try world.committedAdapter()
        let claim = try world.send(
            world.users[5],
            .submitClaim(try world.adapterClaim(.training, adapter))
        )
        func challenge(_ unit: UInt32, bond: UInt64 = 5, claim other: Digest? = nil) -> Action {
            .challengeUnit(
                ChallengeUnit(claim: other ?? claim, unit: unit, bond: Amount(tokens: bond))
            )
        }
        let user = world.users[6]
        #expect(try world.refusal(user, challenge(0)) == .notChallengeable)
        #expect(try world.refusal(user, challenge(0, claim: .zero)) == .unknownClaim)
        try world.accept(claim)
        #expect(try world.refusal(user, challenge(4)) == .unitOutOfRange)
        #expect(try world.refusal(user, challenge(0, bond: 4)) == .bondTooSmall)
        #expect(try world.refusal(user, challenge(3)) == nil)
        #expect(try world.refusal(user, challenge(2)) == .notChallengeable, "one at a time")
    }
}
