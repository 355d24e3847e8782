import Ledger
import Primitives
import TestSupport
import Testing

@Suite("Downtime") struct DowntimeTests {
    private func world(limit: UInt32 = 4, window: UInt64 = 16) throws -> World {
        try World {
            $0.staking.voteWindow = window
            $0.staking.missedVoteLimit = limit
            $0.staking.downtimeSlashPerMille = 10
            $0.staking.jailHeights = 12
        }
    }

    private func owner(_ world: World, _ number: Int) -> Address {
        world.operators[number].owner.address
    }

    @Test("too many missed votes cost a part of all stake, and service until the owner asks again")
    func jailed() throws {
        let world = try world()
        let user = world.users[0]
        let absent = owner(world, 2)
        let stake = Amount(tokens: 1_000)
        try world.send(user, .delegate(Delegate(validator: absent, amount: stake)))
        try world.send(user, .undelegate(Undelegate(validator: absent, amount: stake)))
        let treasury = try world.pools().treasury
        for missed in 1...3 {
            try world.block(absent: [absent])
            #expect(try world.validator(2).missedVotes.total == UInt64(missed))
            #expect(try world.validator(2).status == .active)
        }
        try world.block(absent: [absent])
        let record = try world.validator(2)
        let until = Height(world.height.value + 12)
        #expect(record.status == .jailed(until: until))
        #expect(record.missedVotes.isEmpty)
        #expect(record.bonded.tokens == Amount(tokens: 99_000))
        #expect(record.unbonding.tokens == Amount(tokens: 990))
        #expect(try world.pools().treasury == treasury.adding(Amount(tokens: 1_010)))
        let event = try #require(world.happened(.jailed).first)
        #expect(event[.validator] == .address(absent))
        #expect(event[.height] == .number(until.value))
        #expect(event[.reason] == .text("downtime"))
        #expect(world.happened(.slashed).first?[.amount] == .amount(Amount(tokens: 1_010)))

        try world.block(absent: [absent])
        #expect(try world.validator(2).missedVotes.isEmpty, "in jail nobody is missed")
        try world.finishEpoch()
        #expect(world.validators.count == 3)
        let holder = world.operators[2].owner
        try world.send(user, .transfer(Transfer(to: holder.address, amount: stake)))
        #expect(try world.refusal(holder, .unjail) == .stillJailed)
        while world.height < until { try world.block() }
        try world.send(holder, .unjail)
        try world.finishEpoch()
        #expect(world.validators.count == 4)
    }

    @Test("misses that the window has left behind do not count")
    func forgotten() throws {
        let world = try world()
        let absent = owner(world, 1)
        try world.block()
        for _ in 0..<3 { try world.block(absent: [absent]) }
        for _ in 0..<13 { try world.block(absent: []) }
        try world.block(absent: [absent])
        #expect(try world.validator(1).missedVotes.total == 3, "the first one is 16 back")
        for _ in 0..<16 { try world.block(absent: []) }
        try world.block(absent: [absent])
        #expect(try world.validator(1).missedVotes.total == 1)
        #expect(try world.validator(1).status == .active)
    }

    @Test("whoever proposes is there: its missed votes are forgotten, also that of this block")
    func proposerIsThere() throws {
        let world = try world()
        let absent = owner(world, 1)
        try world.block()
        for _ in 0..<3 { try world.block(absent: [absent]) }
        try world.block(absent: [absent], proposer: world.operators[1].hot)
        #expect(try world.validator(1).missedVotes.isEmpty)
        #expect(try world.validator(1).status == .active)
    }

    @Test("that holds for an owner whose key was another at the height before")
    func proposerWithNewKey() throws {
        let world = try world(limit: 1)
        let owner = world.operators[1].owner
        try world.send(
            world.users[0],
            .transfer(Transfer(to: owner.address, amount: Amount(tokens: 1)))
        )
        let new = Actor(77)
        let proof = world.proof(of: new, for: owner)
        try world.send(owner, .rotateKey(RotateKey(key: new.key, proof: proof)))
        for _ in 0..<2 { try world.finishEpoch() }
        try world.block(absent: [owner.address], proposer: new)
        #expect(try world.validator(1).status == .active)
    }

    @Test("without a slash parameter jail costs nothing but time")
    func noSlash() throws {
        let world = try World {
            $0.staking.voteWindow = 16
            $0.staking.missedVoteLimit = 1
            $0.staking.downtimeSlashPerMille = 0
        }
        try world.block()
        try world.block(absent: [owner(world, 3)])
        #expect(try world.validator(3).bonded.tokens == Amount(tokens: 100_000))
        #expect(world.happened(.jailed).count == 1)
        #expect(world.happened(.slashed).isEmpty)
    }

    @Test("counts by spans are those of a plain list of heights", arguments: 0..<20)
    func agreesWithList(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let span = UInt64.random(in: 1...9, using: &generator)
        var counted = MissedVotes()
        var list: [UInt64] = []
        var height: UInt64 = 1
        for _ in 0..<300 {
            height += UInt64.random(in: 1...(span * 4), using: &generator)
            counted.add(Height(height), window: span * 16)
            list.append(height)
            let recent = list.filter { $0 / span + 16 > height / span }
            #expect(counted.total == UInt64(recent.count))
            #expect(counted.spans.count <= MissedVotes.spanCount)
        }
    }
}
