import Commitments
import Ledger
import Primitives
import Testing

@Suite("Datanets") struct DatanetTests {
    private func commit(
        _ datanet: Digest,
        _ contributor: Actor,
        _ name: String,
        bond: UInt64
    ) -> Action {
        .commitContribution(
            CommitContribution(
                datanet: datanet,
                commitment: ContributionCommitment.digest(
                    root: World.root(name),
                    salt: World.digest("salt"),
                    contributor: contributor.address
                ),
                bond: Amount(tokens: bond)
            )
        )
    }

    @Test("a contribution is dated hidden, opened, and keeps its place by commitment")
    func order() throws {
        let world = try World()
        let datanet = try world.createDatanet(world.users[0])
        let first = try world.commit(world.users[1], to: datanet, "first")
        let second = try world.commit(world.users[2], to: datanet, "second")
        try world.send(world.users[2], world.reveal(second, "second", records: 3))
        let entry = try #require(try world.entry(StateKey.datanet(datanet), Datanet.self))
        #expect(entry.contributions == 2)
        #expect(entry.resolved == 0, "the first is still hidden")
        try world.send(world.users[1], world.reveal(first, "first", records: 4))
        let later = try #require(try world.entry(StateKey.datanet(datanet), Datanet.self))
        #expect(later.resolved == 2)
        let place = try #require(
            try world.entry(StateKey.contributionIndex(datanet, 1), ContributionPlace.self)
        )
        #expect(place.contribution == second)
        #expect(place.recordsThrough == 7)
    }

    @Test("a hidden contribution expires, and holds nobody up after that")
    func expiry() throws {
        let world = try World()
        let datanet = try world.createDatanet(world.users[0])
        let hidden = try world.commit(world.users[1], to: datanet, "hidden")
        try world.contribute(world.users[2], to: datanet, "open", records: 2)
        let claim = Action.submitClaim(world.screening(datanet, covers: 2, records: 2))
        #expect(try world.refusal(world.users[7], claim) == .contributionsPending)
        try world.blocks(6)
        #expect(
            try world.refusal(world.users[1], world.reveal(hidden, "hidden", records: 1))
                == .revealTooLate
        )
        try world.send(world.users[7], claim)
    }

    @Test("a reveal is refused for each of its defects")
    func revealRefusals() throws {
        let world = try World()
        let datanet = try world.createDatanet(world.users[0])
        let user = world.users[1]
        let id = try world.commit(user, to: datanet, "mine", bond: 2)
        #expect(
            try world.refusal(user, world.reveal(.zero, "mine", records: 1))
                == .revealWithoutCommit
        )
        #expect(
            try world.refusal(world.users[2], world.reveal(id, "mine", records: 1))
                == .notContributor
        )
        #expect(
            try world.refusal(user, world.reveal(id, "other", records: 1)) == .commitmentMismatch
        )
        #expect(
            try world.refusal(user, world.reveal(id, "mine", records: 0)) == .emptyContribution
        )
        let later = try world.commit(user, to: datanet, "later", bond: 2)
        #expect(
            try world.refusal(user, world.reveal(later, "later", records: 100_001))
                == .tooManyRecords
        )
        #expect(try world.refusal(user, world.reveal(later, "later", records: 3)) == .bondTooSmall)
        try world.send(user, world.reveal(later, "later", records: 2))
        #expect(
            try world.refusal(user, world.reveal(later, "later", records: 2)) == .alreadyRevealed
        )
    }

    @Test("a copy of somebody's commitment cannot be opened")
    func copiedCommitment() throws {
        let world = try World()
        let datanet = try world.createDatanet(world.users[0])
        let copy = try world.send(
            world.users[2],
            commit(datanet, world.users[1], "mine", bond: 10)
        )
        #expect(
            try world.refusal(world.users[2], world.reveal(copy, "mine", records: 1))
                == .commitmentMismatch
        )
    }

    @Test("who may contribute is the Datanet's rule")
    func admission() throws {
        let world = try World()
        let user = world.users[1]
        #expect(try world.refusal(user, commit(.zero, user, "x", bond: 1)) == .unknownDatanet)
        let open = try world.createDatanet(world.users[0])
        #expect(try world.refusal(user, commit(open, user, "x", bond: 0)) == .bondTooSmall)
        #expect(
            try world.refusal(user, commit(open, user, "x", bond: 9_000_000))
                == .insufficientBalance
        )
        let staked = try world.createDatanet(
            world.users[0],
            admission: .staked(minimum: Amount(tokens: 50))
        )
        #expect(try world.refusal(user, commit(staked, user, "x", bond: 49)) == .bondTooSmall)
        #expect(try world.refusal(user, commit(staked, user, "x", bond: 50)) == nil)
        let curated = try world.createDatanet(
            world.users[0],
            admission: .curated([world.users[2].address])
        )
        #expect(try world.refusal(user, commit(curated, user, "x", bond: 9)) == .notAdmitted)
        #expect(
            try world.refusal(world.users[2], commit(curated, world.users[2], "x", bond: 9)) == nil
        )
        let nameless = CreateDatanet(
            name: [],
            licence: [],
            admission: .open,
            bondPerRecord: .zero,
            ownerPerMille: 0
        )
        #expect(try world.refusal(user, .createDatanet(nameless)) == .emptyName)
    }

    @Test("a Datanet takes no more contributions than the chain allows")
    func full() throws {
        let world = try World { $0.maxContributions = 1 }
        let datanet = try world.createDatanet(world.users[0])
        try world.contribute(world.users[1], to: datanet, "one", records: 1)
        #expect(
            try world.refusal(world.users[1], commit(datanet, world.users[1], "two", bond: 1))
                == .tooManyContributions
        )
    }

    @Test("a snapshot rests on a final screening claim of its own Datanet, once")
    func freezing() throws {
        let world = try World()
        let datanet = try world.createDatanet(world.users[0])
        let other = try world.createDatanet(world.users[0])
        try world.contribute(world.users[1], to: datanet, "one", records: 2)
        let claim = try world.send(
            world.users[7],
            .submitClaim(world.screening(datanet, covers: 1, records: 2))
        )
        func refusal(_ datanet: Digest, _ claim: Digest) throws -> Refusal? {
            try world.refusal(
                world.users[7],
                .freezeSnapshot(FreezeSnapshot(datanet: datanet, claim: claim))
            )
        }
        #expect(try refusal(datanet, claim) == .claimNotFinal)
        try world.finish(claim)
        #expect(try refusal(.zero, claim) == .unknownDatanet)
        #expect(try refusal(datanet, .zero) == .unknownClaim)
        #expect(try refusal(other, claim) == .claimMismatch)
        #expect(try refusal(datanet, claim) == nil)
        #expect(try refusal(datanet, claim) == .alreadyFrozen)
        let entry = try #require(try world.entry(StateKey.datanet(datanet), Datanet.self))
        let id = try #require(entry.latestSnapshot)
        let snapshot = try #require(try world.entry(StateKey.snapshot(id), Snapshot.self))
        #expect(snapshot.root == World.digest("table root"))
        #expect(snapshot.covers == 1)
    }

    @Test("bonds return some time after the freeze, a bounded number at a height")
    func bonds() throws {
        let world = try World { $0.bondHoldHeights = 3 }
        let datanet = try world.createDatanet(world.users[0])
        for number in 0..<70 {
            try world.contribute(world.users[1], to: datanet, "\(number)", records: 1)
        }
        let key = StateKey.contributorBond(datanet, world.users[1].address)
        #expect(try world.entry(key, ContributorBond.self)?.amount == Amount(tokens: 700))
        _ = try world.freeze(datanet, covers: 70, records: 70)
        let before = try world.balance(world.users[1])
        try world.blocks(3)
        #expect(try world.entry(key, ContributorBond.self)?.amount == Amount(tokens: 60))
        try world.block()
        #expect(try world.entry(key, ContributorBond.self) == nil)
        #expect(try world.balance(world.users[1]) == before.adding(Amount(tokens: 700)))
    }
}
