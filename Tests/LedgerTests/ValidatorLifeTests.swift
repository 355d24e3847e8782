import Ledger
import Primitives
import Testing
import Voting

@Suite("Life of a validator") struct ValidatorLifeTests {
    /// Gives an owner something to pay fees with.
    private func fund(_ world: World, _ number: Int) throws -> Actor {
        let owner = world.operators[number].owner
        try world.send(
            world.users[7],
            .transfer(Transfer(to: owner.address, amount: Amount(tokens: 10)))
        )
        return owner
    }

    private func rotation(_ world: World, _ owner: Actor, to hot: Actor) -> Action {
        .rotateKey(RotateKey(key: hot.key, proof: world.proof(of: hot, for: owner)))
    }

    private func registration(_ world: World, _ owner: Actor, _ hot: Actor) -> Action {
        .registerValidator(
            RegisterValidator(
                key: hot.key,
                stake: Amount(tokens: 50_000),
                commissionPerMille: 50,
                proof: world.proof(of: hot, for: owner)
            )
        )
    }

    // MARK: Keys

    @Test("a new key serves from the epoch after the next on; the old one until then")
    func rotates() throws {
        let world = try World()
        let owner = try fund(world, 1)
        let (old, new) = (world.operators[1].hot, Actor(77))
        try world.send(owner, rotation(world, owner, to: new))
        try world.finishEpoch()
        #expect(world.validators.index(of: old.key) != nil)
        #expect(world.happened(.keyInForce).isEmpty)
        try world.finishEpoch()
        #expect(world.validators.index(of: old.key) == nil)
        let index = try #require(world.validators.index(of: new.key))
        #expect(world.validators[index]?.address == owner.address)
        #expect(try world.validator(1).key == new.key)
        #expect(try world.validator(1).nextKey == nil)
        #expect(world.happened(.keyInForce).first?[.height] == .number(world.height.value + 1))
        try world.send(owner, rotation(world, owner, to: Actor(78)))
    }

    @Test("a rotation is refused for each of its defects")
    func rotationRefusals() throws {
        let world = try World()
        let owner = try fund(world, 1)
        let new = Actor(77)
        let foreign = RotateKey(key: new.key, proof: world.proof(of: new, for: world.users[0]))
        #expect(try world.refusal(owner, .rotateKey(foreign)) == .invalidKey)
        let own = rotation(world, owner, to: world.operators[1].hot)
        #expect(try world.refusal(owner, own) == .keyInUse)
        let other = rotation(world, owner, to: world.operators[2].hot)
        #expect(try world.refusal(owner, other) == .keyInUse)
        let nobody = rotation(world, world.users[0], to: new)
        #expect(try world.refusal(world.users[0], nobody) == .unknownValidator)
        try world.send(owner, rotation(world, owner, to: new))
        let again = rotation(world, owner, to: Actor(78))
        #expect(try world.refusal(owner, again) == .rotationPending)
        for _ in 0..<2 { try world.finishEpoch() }
        let back = rotation(world, owner, to: world.operators[1].hot)
        #expect(try world.refusal(owner, back) == .keyInUse, "a key never comes back")
    }

    @Test("a key that serves no more is still punished for what it signed")
    func oldKeyIsPunished() throws {
        let world = try World()
        let owner = try fund(world, 1)
        let old = world.operators[1].hot
        try world.send(owner, rotation(world, owner, to: Actor(77)))
        try world.finishEpoch()
        let height = world.height.next
        let index = try #require(world.validators.index(of: old.key))
        try world.finishEpoch()
        #expect(world.validators.index(of: old.key) == nil)
        let votes = [nil, Digest.zero].map { block in
            let vote = Vote(
                kind: .prevote,
                height: height,
                round: .zero,
                block: block,
                validator: index
            )
            let signature = old.sign(vote.signBytes(chain: world.genesis.chain))
            return SignedVote(vote: vote, signature: signature)
        }
        let proof = try #require(DuplicateVoteEvidence(votes[0], votes[1]))
        #expect(try world.block(evidence: [proof]).includedEvidence == [proof])
        #expect(try world.validator(1).status == .tombstoned)
        #expect(
            try world.refusal(owner, rotation(world, owner, to: Actor(79))) == .validatorTombstoned
        )
    }

    @Test("fees of a block go to the owner of its proposer's key, and to nobody who is convicted")
    func earnings() throws {
        let world = try World { $0.staking.blockReward = Amount(tokens: 1) }
        let old = world.operators[1].hot
        try world.block(proposer: old)
        #expect(try world.validator(1).rewards == Amount(tokens: 1))
        let votes = try [nil, Digest.zero].map { block in
            let vote = Vote(
                kind: .precommit,
                height: Height(1),
                round: .zero,
                block: block,
                validator: try #require(world.validators.index(of: old.key))
            )
            let signature = old.sign(vote.signBytes(chain: world.genesis.chain))
            return SignedVote(vote: vote, signature: signature)
        }
        let proof = try #require(DuplicateVoteEvidence(votes[0], votes[1]))
        let pool = try world.pools().rewardPool
        try world.block(evidence: [proof], proposer: old)
        #expect(try world.validator(1).rewards == Amount(tokens: 1))
        #expect(try world.pools().rewardPool == pool)
    }

    // MARK: Commission

    @Test("a commission changes slowly, and what was earned before is shared by the old one")
    func commission() throws {
        let world = try World {
            $0.staking.commissionHeights = 10
            $0.staking.commissionChangePerMille = 50
            $0.staking.epochLength = 40
            $0.staking.blockReward = Amount(tokens: 10)
        }
        let owner = try fund(world, 0)
        #expect(try world.refusal(owner, .setCommission(perMille: 120)) == .commissionTooSoon)
        while world.height < Height(9) { try world.block() }
        #expect(
            try world.refusal(owner, .setCommission(perMille: 151)) == .commissionChangeTooLarge
        )
        #expect(
            try world.refusal(owner, .setCommission(perMille: 49)) == .commissionChangeTooLarge
        )
        let before = try world.validator(0)
        let balance = try world.balance(owner)
        try world.send(owner, .setCommission(perMille: 150))
        let after = try world.validator(0)
        let own = try before.rewards.scaled(by: UInt64(100), over: UInt64(1_000))
        let shared = try before.rewards.subtracting(own)
        #expect(before.rewards > .zero)
        #expect(after.bonded.tokens == (try before.bonded.tokens.adding(shared)))
        #expect(
            try world.balance(owner) == balance.adding(own).subtracting(World.fee)
        )
        #expect(after.commissionPerMille == 150)
        #expect(try world.refusal(owner, .setCommission(perMille: 160)) == .commissionTooSoon)
        let nobody = world.users[0]
        #expect(try world.refusal(nobody, .setCommission(perMille: 9)) == .unknownValidator)
        #expect(try world.audited() == world.entry(StateKey.supply))
    }

    // MARK: Leaving

    @Test("who leaves makes room on the list, and comes back like anyone")
    func leaves() throws {
        let world = try World {
            $0.staking.maxValidators = 5
            $0.staking.maxCandidates = 5
        }
        let (first, second) = (world.users[0], world.users[1])
        try world.send(first, registration(world, first, Actor(77)))
        let late = registration(world, second, Actor(78))
        #expect(try world.refusal(second, late) == .tooManyValidators)
        let all = Amount(tokens: 50_000)
        try world.send(
            first,
            .undelegate(Undelegate(validator: first.address, amount: all))
        )
        #expect(try world.refusal(second, late) == .tooManyValidators, "until the epoch ends")
        try world.finishEpoch()
        try world.send(second, late)
        let back = Action.delegate(Delegate(validator: first.address, amount: all))
        #expect(try world.refusal(first, back) == .tooManyValidators)
        try world.send(
            second,
            .undelegate(Undelegate(validator: second.address, amount: all))
        )
        try world.finishEpoch()
        try world.send(first, back)
        for _ in 0..<2 { try world.finishEpoch() }
        #expect(world.validators.index(of: Actor(77).key) != nil)
    }

    @Test("a convicted validator makes room as well")
    func convictedMakesRoom() throws {
        let world = try World {
            $0.staking.maxValidators = 4; $0.staking.maxCandidates = 4
        }
        let hot = world.operators[3].hot
        try world.block()
        let votes = try [nil, Digest.zero].map { block in
            let vote = Vote(
                kind: .precommit,
                height: Height(1),
                round: .zero,
                block: block,
                validator: try #require(world.validators.index(of: hot.key))
            )
            let signature = hot.sign(vote.signBytes(chain: world.genesis.chain))
            return SignedVote(vote: vote, signature: signature)
        }
        try world.block(evidence: [try #require(DuplicateVoteEvidence(votes[0], votes[1]))])
        try world.finishEpoch()
        let list: CandidateList? = try world.entry(StateKey.candidates)
        #expect(list?.owners.count == 3)
        try world.send(world.users[0], registration(world, world.users[0], Actor(77)))
    }

    // MARK: Versions

    private func version(_ world: World) throws -> ProtocolRecord {
        try #require(try world.entry(StateKey.protocolVersion))
    }

    @Test("two thirds of the power that are ready give a version its first height")
    func upgrade() throws {
        let world = try World { $0.staking.upgradeNoticeHeights = 7 }
        let owners = try (0..<3).map { try fund(world, $0) }
        for owner in owners.prefix(2) { try world.send(owner, .signalVersion(2)) }
        try world.finishEpoch()
        #expect(try version(world) == ProtocolRecord(current: 1), "half is not enough")
        try world.send(owners[2], .signalVersion(2))
        try world.send(owners[0], .signalVersion(1))
        try world.finishEpoch()
        #expect(try version(world).next == nil, "one took it back")
        try world.send(owners[0], .signalVersion(2))
        try world.finishEpoch()
        let first = Height(world.height.value + 7)
        let scheduled = try version(world)
        #expect(scheduled.next == ProtocolRecord.Change(version: 2, height: first))
        #expect(scheduled.version(at: world.height.next) == 1)
        #expect(scheduled.version(at: first) == 2)
        #expect(world.happened(.upgradeScheduled).count == 1)
        while world.height.next < first { try world.block() }
        #expect(try version(world) == scheduled)
        try world.block()
        #expect(try version(world) == ProtocolRecord(current: 2))
        #expect(world.happened(.upgraded).first?[.version] == .number(2))
        try world.finishEpoch()
        #expect(
            try version(world) == ProtocolRecord(current: 2),
            "who was ready for 2 is so no more"
        )
    }

    @Test("only the next version can be asked for, and only by validators")
    func versionRefusals() throws {
        let world = try World()
        let owner = try fund(world, 0)
        for version: UInt32 in [0, 3, .max] {
            #expect(try world.refusal(owner, .signalVersion(version)) == .wrongVersion)
        }
        #expect(try world.refusal(world.users[0], .signalVersion(2)) == .unknownValidator)
    }
}
