import Commitments
import Ledger
import Primitives
import Testing

/// Committees of four seats on two benches, in a set of nine.
@Suite("Disputes") struct DisputeTests {
    private func drawn() throws -> (World, adapter: Digest, claim: Digest, seats: [Address]) {
        let world = try World(validators: 9) {
            $0.claims.committeeSize = 4
            $0.claims.commitHeights = 10
            $0.claims.revealHeights = 10
            $0.settlement.channelCloseHeights = 100
        }
        let (_, adapter) = try world.committedAdapter()
        let claim = try world.send(
            world.users[5],
            .submitClaim(try world.adapterClaim(.training, adapter))
        )
        try world.draw(claim)
        return (world, adapter, claim, try world.panel(claim).members.map(\.validator))
    }

    private func everybody(_ say: Say, but other: Say? = nil) -> [Say] {
        Array(repeating: say, count: 8) + [other ?? say]
    }

    @Test("the benches of a committee re-run different units, together all of a small claim")
    func shares() throws {
        let (world, _, claim, _) = try drawn()
        let entry = try world.claim(claim)
        let shares = try (0..<4).map {
            try #require(
                entry.sample(id: claim, seat: $0, of: 4, parameters: world.parameters.claims)
            )
        }
        #expect(shares[0] == shares[2] && shares[1] == shares[3])
        #expect((shares[0] + shares[1]).sorted() == [0, 1, 2, 3])
        #expect(shares[0].count == 2)
    }

    @Test("benches with different traces do not contradict each other")
    func agreement() throws {
        let (world, _, claim, seats) = try drawn()
        try world.judge(claim, [.valid, .copied, .valid, .copied])
        #expect(try world.claim(claim).phase == .accepted)
        #expect(try world.claim(claim).verifiers == seats)
        #expect(world.happened(.slashed).isEmpty)
    }

    @Test("one honest member brings a false unit before everybody, and is paid for it")
    func found() throws {
        let (world, adapter, claim, seats) = try drawn()
        try world.judge(claim, [.valid, .invalid(2), .valid, .copied])
        let entry = try world.claim(claim)
        #expect(entry.phase == .challengeCommitting)
        #expect(entry.dispute == Claim.Bench(number: 1, count: 2))
        #expect(world.happened(.claimDisputed).count == 1)
        #expect(try world.panel(claim).members.count == 9)
        let parameters = world.parameters.claims
        let share = entry.sample(id: claim, seat: 0, of: 9, parameters: parameters)
        #expect(share == entry.sample(id: claim, seat: 8, of: 9, parameters: parameters))
        try world.judge(claim, everybody(.invalid(2)))
        #expect(try world.claim(claim).phase == .rejected)
        #expect(try world.claim(claim).finding?.unit == 2)
        #expect(try world.adapter(adapter).standing == .revoked)
        let finders = Set(world.happened(.finderPaid).compactMap { $0[.validator] })
        #expect(finders == [.address(seats[1])])
        let lost = world.happened(.slashed).map { $0[.validator] }
        #expect(lost == [.address(seats[3])], "who sat beside it had not looked")
    }

    @Test("a false accusation costs its author, and the claim goes on where it was")
    func slander() throws {
        let (world, _, claim, seats) = try drawn()
        try world.judge(claim, [.valid, .invalid(2), .valid, .valid])
        try world.judge(claim, everybody(.valid))
        let entry = try world.claim(claim)
        #expect(entry.phase == .accepted)
        #expect(entry.dispute == nil)
        #expect(entry.verifiers == [seats[0], seats[2], seats[3]])
        let slashes = world.happened(.slashed)
        #expect(slashes.map { $0[.validator] } == [.address(seats[1])])
        #expect(slashes.first?[.amount] == .amount(world.parameters.claims.minoritySlash))
        try world.blocks(3)
        #expect(try world.claim(claim).phase == .final)
    }

    @Test("both benches in dispute are settled one after the other")
    func twice() throws {
        let (world, _, claim, seats) = try drawn()
        try world.judge(claim, [.invalid(0), .invalid(1), .valid, .valid])
        try world.judge(claim, everybody(.valid))
        #expect(try world.claim(claim).dispute == Claim.Bench(number: 1, count: 2))
        try world.judge(claim, everybody(.valid, but: .silent))
        #expect(try world.claim(claim).phase == .accepted)
        #expect(try world.claim(claim).verifiers == [seats[2], seats[3]])
        let reasons = world.happened(.slashed).map { $0[.reason] }
        #expect(reasons.filter { $0 == .text("contradicted") }.count == 2)
        #expect(reasons.filter { $0 == .text("absent") }.count == 1)
    }

    @Test("a bench whose members both lied is taken as looked at by everybody")
    func bothWrong() throws {
        let (world, _, claim, seats) = try drawn()
        try world.judge(claim, [.copied, .valid, .copied, .valid])
        #expect(try world.claim(claim).phase == .accepted, "two that agree are not in dispute")
        let (other, _, second, _) = try drawn()
        try other.judge(second, [.invalid(1), .valid, .copied, .valid])
        try other.judge(second, everybody(.valid))
        #expect(try other.claim(second).phase == .accepted)
        #expect(try other.claim(second).verifiers == [seats[1], seats[3]])
        #expect(other.happened(.slashed).count == 2)
    }

    @Test("a share that nobody has looked at is drawn again")
    func uncovered() throws {
        let (world, _, claim, _) = try drawn()
        try world.judge(claim, [.valid, .silent, .valid, .unavailable])
        #expect(try world.claim(claim).phase == .pending)
        #expect(try world.claim(claim).attempt == 2)
        #expect(world.happened(.slashed).count == 1, "only silence costs without a decision")
    }

    @Test("a dispute over data that nobody can get ends the claim, and pays those who tried")
    func unreachable() throws {
        let (world, _, claim, _) = try drawn()
        #expect(try world.claim(claim).fee > .zero)
        try world.judge(claim, [.valid, .invalid(2), .valid, .valid])
        try world.judge(claim, everybody(.unavailable))
        #expect(try world.claim(claim).phase == .unavailable)
        #expect(try world.claim(claim).fee == .zero)
        #expect(try world.audited() == world.entry(StateKey.supply))
    }

    @Test("a dispute without a majority draws a new committee")
    func undecided() throws {
        let (world, _, claim, _) = try drawn()
        try world.judge(claim, [.valid, .invalid(2), .valid, .valid])
        try world.judge(
            claim,
            Array(repeating: .valid, count: 4) + Array(repeating: .invalid(2), count: 4) + [.silent]
        )
        #expect(try world.claim(claim).phase == .pending)
        #expect(try world.claim(claim).dispute == nil)
        try world.draw(claim)
        try world.judge(claim, [.valid, .valid, .valid, .valid])
        #expect(try world.claim(claim).phase == .accepted)
    }

    @Test("a later challenge reaches only the verifiers whose share held the unit")
    func overturned() throws {
        let (world, _, claim, seats) = try drawn()
        let entry = try world.claim(claim)
        let shares = try (0..<2).map {
            try #require(
                entry.sample(id: claim, seat: $0, of: 4, parameters: world.parameters.claims)
            )
        }
        try world.judge(claim, [.valid, .valid, .valid, .valid])
        let unit = shares[1][0]
        try world.send(
            world.users[6],
            .challengeUnit(ChallengeUnit(claim: claim, unit: unit, bond: Amount(tokens: 5)))
        )
        try world.judge(claim, everybody(.invalid(unit)))
        #expect(try world.claim(claim).phase == .rejected)
        let lost = world.happened(.slashed).map { $0[.validator] }
        #expect(lost == [.address(seats[1]), .address(seats[3])])
    }
}
