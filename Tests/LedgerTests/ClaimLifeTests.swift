import Commitments
import Ledger
import Primitives
import Testing

@Suite("Claim life") struct ClaimLifeTests {
    /// An adapter's training claim whose committee is drawn.
    private func drawn() throws -> (World, adapter: Digest, claim: Digest) {
        let world = try World()
        let (_, adapter) = try world.committedAdapter()
        let claim = try world.send(
            world.users[5],
            .submitClaim(try world.adapterClaim(.training, adapter))
        )
        try world.draw(claim)
        return (world, adapter, claim)
    }

    @Test("the committee is drawn by the beacon two heights after the claim, and is no one twice")
    func drawing() throws {
        let world = try World()
        let (_, adapter) = try world.committedAdapter()
        let claim = try world.send(
            world.users[5],
            .submitClaim(try world.adapterClaim(.training, adapter))
        )
        let submitted = world.height
        try world.block()
        #expect(try world.claim(claim).phase == .pending)
        try world.block()
        let entry = try world.claim(claim)
        #expect(entry.phase == .committing)
        #expect(entry.beacon == world.beacon(Height(submitted.value + 2)))
        let members = try world.panel(claim).members.map(\.validator)
        #expect(members.count == 3)
        #expect(Set(members).count == 3)
    }

    @Test("an honest claim is accepted, becomes final, and gets its bond back")
    func honest() throws {
        let (world, adapter, claim) = try drawn()
        let before = try world.balance(world.users[5])
        let rewards = try world.panel(claim).members.map(\.validator)
        try world.judge(claim, [.valid, .valid, .valid])
        #expect(try world.claim(claim).phase == .accepted)
        #expect(try world.claim(claim).verifiers.sorted() == rewards.sorted())
        #expect(try world.claim(claim).fee == .zero)
        #expect(try world.adapter(adapter).standing == .registered)
        try world.blocks(3)
        #expect(try world.claim(claim).phase == .final)
        #expect(try world.adapter(adapter).standing == .reproduced)
        #expect(try world.balance(world.users[5]) == before.adding(Amount(tokens: 10)))
    }

    @Test("a tampered unit is rejected: bonds slashed, finders paid, the adapter out")
    func tampered() throws {
        let (world, adapter, claim) = try drawn()
        let before = try world.balance(world.users[5])
        try world.judge(claim, [.invalid(2), .invalid(2), .invalid(2)])
        let entry = try world.claim(claim)
        #expect(entry.phase == .rejected)
        #expect(entry.finding?.unit == 2)
        #expect(entry.finding?.expected == World.digest("right"))
        #expect(entry.bond == .zero)
        #expect(try world.adapter(adapter).standing == .revoked)
        #expect(try world.adapter(adapter).bond == .zero)
        #expect(try world.balance(world.users[5]) == before)
        let paid = world.happened(.finderPaid).compactMap { event -> Amount? in
            if case .amount(let amount) = event[.amount] { amount } else { nil }
        }
        #expect(try paid.reduce(.zero) { try $0.adding($1) } == Amount(tokens: 15))
        let root = try world.adapter(adapter).terms.canonicalRoot
        #expect(world.state.values[StateKey.adapterRoot(root)] == nil, "the place is free")
    }

    @Test("a verdict with a copied result and no run is contradicted, and costs stake")
    func copied() throws {
        let (world, _, claim) = try drawn()
        let lazy = try world.panel(claim).members[2].validator
        try world.judge(claim, [.valid, .valid, .copied])
        #expect(try world.claim(claim).dispute == Claim.Bench(number: 0, count: 1))
        try world.judge(claim, [.valid, .valid, .valid, .valid])
        #expect(try world.claim(claim).phase == .accepted)
        #expect(try !world.claim(claim).verifiers.contains(lazy))
        let slashes = world.happened(.slashed)
        #expect(slashes.count == 1)
        #expect(slashes.first?[.validator] == .address(lazy))
        #expect(slashes.first?[.amount] == .amount(world.parameters.claims.minoritySlash))
    }

    @Test("one dissenter cannot reject, and pays for trying")
    func dissenter() throws {
        let (world, _, claim) = try drawn()
        try world.judge(claim, [.valid, .invalid(1), .valid])
        try world.judge(claim, [.valid, .valid, .valid, .valid])
        #expect(try world.claim(claim).phase == .accepted)
        #expect(world.happened(.slashed).count == 1)
    }

    @Test("data that nobody can fetch costs a part of the bond; the claim may be made again")
    func unavailable() throws {
        let (world, adapter, claim) = try drawn()
        let before = try world.balance(world.users[5])
        try world.judge(claim, [.unavailable, .unavailable, .valid])
        #expect(try world.claim(claim).phase == .unavailable)
        #expect(try world.balance(world.users[5]) == before.adding(Amount(tokens: 9)))
        #expect(try world.adapter(adapter).openClaims == 0)
        try world.finish(
            try world.send(
                world.users[5],
                .submitClaim(try world.adapterClaim(.training, adapter))
            )
        )
    }

    @Test("silence and a commitment that is never opened cost stake, and in the end service")
    func absent() throws {
        let (world, _, claim) = try drawn()
        let members = try world.panel(claim).members.map(\.validator)
        try world.judge(claim, [.silent, .valid, .secretive])
        #expect(try world.claim(claim).phase == .pending, "one of three is no majority")
        #expect(try world.claim(claim).attempt == 2)
        #expect(
            Set(world.happened(.slashed).compactMap { $0[.validator] })
                == [.address(members[0]), .address(members[2])]
        )
        for _ in 2...3 {
            try world.draw(claim)
            try world.judge(claim, try world.panel(claim).members.map { _ in .silent })
        }
        #expect(!world.happened(.jailed).isEmpty)
        #expect(try world.claim(claim).phase == .unavailable)
        #expect(try world.claim(claim).bond == .zero, "all of it was returned")
    }

    @Test("without a majority of all validators a new committee comes from a new beacon")
    func redraw() throws {
        let (world, _, claim) = try drawn()
        let first = try world.claim(claim).beacon
        try world.judge(claim, [.valid, .copied, .unavailable])
        #expect(world.happened(.slashed).isEmpty, "nobody is contradicted before all have looked")
        try world.judge(claim, [.valid, .valid, .copied, .copied])
        #expect(world.happened(.slashed).isEmpty, "nobody is contradicted by a majority")
        try world.draw(claim)
        #expect(try world.claim(claim).beacon != first)
        try world.judge(claim, [.valid, .valid, .valid])
        #expect(try world.claim(claim).phase == .accepted)
    }

    @Test("a challenge before everybody overturns an accepted claim and pays the challenger")
    func overturned() throws {
        let (world, adapter, claim) = try drawn()
        try world.judge(claim, [.valid, .valid, .valid])
        let challenger = world.users[6]
        let before = try world.balance(challenger)
        try world.send(
            challenger,
            .challengeUnit(ChallengeUnit(claim: claim, unit: 3, bond: Amount(tokens: 5)))
        )
        #expect(try world.panel(claim).members.count == 4)
        #expect(
            try world.claim(claim).sample(
                id: claim,
                seat: 1,
                of: 4,
                parameters: world.parameters.claims
            ) == [3]
        )
        try world.judge(claim, [.invalid(3), .invalid(3), .invalid(3), .valid])
        #expect(try world.claim(claim).phase == .rejected)
        #expect(try world.adapter(adapter).standing == .revoked)
        // All four units were in the sample, so those who called it valid had not looked; and one
        // member of the panel still says so.
        let verifiers = try world.claim(claim).verifiers
        let reasons = world.happened(.slashed).map { $0[.reason] }
        #expect(reasons.filter { $0 == .text("overturned") }.count == verifiers.count)
        #expect(reasons.filter { $0 == .text("contradicted") }.count == 1)
        // Half of the claim's 10 and of the adapter's 20, less the fee of the transaction.
        let gain = try Amount(tokens: 15).subtracting(World.fee)
        #expect(try world.balance(challenger) == before.adding(gain))
    }

    @Test("a challenge of a right unit loses its bond to the panel, and the window opens again")
    func failedChallenge() throws {
        let (world, adapter, claim) = try drawn()
        try world.judge(claim, [.valid, .valid, .valid])
        let challenger = world.users[6]
        let before = try world.balance(challenger)
        try world.send(
            challenger,
            .challengeUnit(ChallengeUnit(claim: claim, unit: 0, bond: Amount(tokens: 7)))
        )
        try world.judge(claim, [.valid, .valid, .valid, .valid])
        #expect(try world.claim(claim).phase == .accepted)
        let lost = try Amount(tokens: 7).adding(World.fee)
        #expect(try world.balance(challenger) == before.subtracting(lost))
        try world.blocks(3)
        #expect(try world.claim(claim).phase == .final)
        #expect(try world.adapter(adapter).isReproduced)
    }

    @Test("a challenge without a majority is void and costs the challenger nothing")
    func voidChallenge() throws {
        let (world, _, claim) = try drawn()
        try world.judge(claim, [.valid, .valid, .valid])
        try world.send(
            world.users[6],
            .challengeUnit(ChallengeUnit(claim: claim, unit: 0, bond: Amount(tokens: 7)))
        )
        let before = try world.balance(world.users[6])
        try world.judge(claim, [.valid, .valid, .silent, .silent])
        #expect(try world.claim(claim).phase == .accepted)
        #expect(try world.balance(world.users[6]) == before.adding(Amount(tokens: 7)))
    }

    @Test("an adapter gets its bond back when training and index are both final")
    func settled() throws {
        let world = try World()
        let (_, adapter) = try world.verifiedAdapter()
        let entry = try world.adapter(adapter)
        #expect(entry.isIndexed && entry.isReproduced)
        #expect(entry.bond == .zero)
        #expect(entry.openClaims == 0)
    }

    @Test("nobody is drawn to judge its own claim")
    func ownClaim() throws {
        let world = try World()
        let owner = world.operators[1].owner
        try world.send(
            world.users[0],
            .transfer(Transfer(to: owner.address, amount: Amount(tokens: 100)))
        )
        let datanet = try world.createDatanet(world.users[0])
        try world.contribute(world.users[1], to: datanet, "one", records: 2)
        for _ in 0..<6 {
            let claim = try world.send(
                owner,
                .submitClaim(world.screening(datanet, covers: 1, records: 2))
            )
            try world.draw(claim)
            let members = try world.panel(claim).members.map(\.validator)
            #expect(members.count == 3)
            #expect(!members.contains(owner.address))
            try world.judge(claim, [.valid, .valid, .valid])
        }
    }
}
