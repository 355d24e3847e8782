import Commitments
import Cryptography
import Ledger
import Primitives
import Testing
import Voting

@Suite("Staking") struct StakingTests {
    private func registration(
        _ world: World,
        owner: Actor,
        hot: Actor,
        stake: UInt64 = 50_000,
        signer: Actor? = nil
    ) -> Action {
        return .registerValidator(
            RegisterValidator(
                key: hot.key,
                stake: Amount(tokens: stake),
                commissionPerMille: 50,
                proof: world.proof(of: signer ?? hot, for: owner)
            )
        )
    }

    private func delegate(_ world: World, _ tokens: UInt64, to number: Int = 0) -> Action {
        .delegate(
            Delegate(
                validator: world.operators[number].owner.address,
                amount: Amount(tokens: tokens)
            )
        )
    }

    private func undelegate(_ world: World, _ tokens: UInt64, from number: Int = 0) -> Action {
        .undelegate(
            Undelegate(
                validator: world.operators[number].owner.address,
                amount: Amount(tokens: tokens)
            )
        )
    }

    private func finishEpoch(_ world: World) throws { try world.finishEpoch() }

    @Test("a new validator votes from the epoch after the next on, with one vote an OPEN")
    func registers() throws {
        let world = try World()
        let hot = Actor(77)
        try world.send(
            world.users[0],
            registration(world, owner: world.users[0], hot: hot)
        )
        try finishEpoch(world)
        #expect(world.validators.count == 4)
        try finishEpoch(world)
        #expect(world.validators.count == 5)
        let index = try #require(world.validators.index(of: hot.key))
        #expect(world.validators[index]?.power == 50_000)
        #expect(!world.happened(.validatorsChanged).isEmpty)
    }

    @Test("a registration is refused for each of its defects")
    func registrationRefusals() throws {
        let world = try World()
        let user = world.users[0]
        let hot = Actor(77)
        let taken = world.operators[0].hot
        let few = registration(world, owner: user, hot: hot, stake: 999)
        #expect(try world.refusal(user, few) == .stakeTooSmall)
        let foreign = registration(world, owner: user, hot: hot, signer: Actor(78))
        #expect(try world.refusal(user, foreign) == .invalidKey)
        #expect(
            try world.refusal(user, registration(world, owner: user, hot: taken)) == .keyInUse
        )
        let rich = registration(world, owner: user, hot: hot, stake: 2_000_000)
        #expect(try world.refusal(user, rich) == .insufficientBalance)
        try world.send(user, registration(world, owner: user, hot: hot))
        #expect(
            try world.refusal(user, registration(world, owner: user, hot: Actor(79)))
                == .alreadyValidator
        )
    }

    @Test("registration stops at the limit of candidates")
    func candidateLimit() throws {
        let world = try World { parameters in
            parameters.staking.maxValidators = 4
            parameters.staking.maxCandidates = 4
        }
        #expect(
            try world.refusal(
                world.users[0],
                registration(world, owner: world.users[0], hot: Actor(77))
            )
                == .tooManyValidators
        )
    }

    @Test("delegated stake adds power, leaves through unbonding, and comes back whole")
    func delegates() throws {
        let world = try World()
        let user = world.users[0]
        try world.send(user, delegate(world, 500))
        try finishEpoch(world)
        #expect(world.validators.total == 400_500)
        let before = try world.balance(user)
        #expect(try world.refusal(user, undelegate(world, 501)) == .insufficientStake)
        try world.send(user, undelegate(world, 500))
        #expect(try world.validator(0).unbonding.tokens == Amount(tokens: 500))
        try world.blocks(19)
        #expect(try world.validator(0).unbonding.tokens == Amount(tokens: 500))
        try world.block()
        #expect(try world.validator(0).unbonding.tokens == .zero)
        let fees = try World.fee.adding(World.fee)
        let back = try before.adding(Amount(tokens: 500)).subtracting(fees)
        // Proposer rewards arrived meanwhile; shares may round one unit down.
        #expect(try world.balance(user).adding(Amount(units: 1)) >= back)
        #expect(try world.balance(user) <= back)
    }

    @Test("delegation is refused to nobody, of nothing, and from others' stake")
    func delegationRefusals() throws {
        let world = try World()
        let user = world.users[0]
        let nobody = Delegate(validator: user.address, amount: Amount(tokens: 1))
        #expect(try world.refusal(user, .delegate(nobody)) == .unknownValidator)
        #expect(try world.refusal(user, delegate(world, 0)) == .amountZero)
        #expect(try world.refusal(user, delegate(world, 2_000_000)) == .insufficientBalance)
        #expect(try world.refusal(user, undelegate(world, 1)) == .insufficientStake)
        #expect(try world.refusal(user, undelegate(world, 0)) == .amountZero)
    }

    @Test("the proposer's part of fees reaches its owner and delegators at the epoch's end")
    func rewards() throws {
        let world = try World()
        let fee = Amount(tokens: 10)
        let transfer = Action.transfer(
            Transfer(to: world.users[1].address, amount: Amount(tokens: 1))
        )
        let treasury = try world.pools().treasury
        try world.send(world.users[0], transfer, fee: fee)
        #expect(try world.validator(0).rewards == Amount(tokens: 8))
        #expect(try world.pools().treasury == treasury.adding(Amount(tokens: 2)))
        try finishEpoch(world)
        let commission = try Amount(tokens: 8).scaled(by: UInt64(100), over: UInt64(1_000))
        #expect(try world.validator(0).rewards == .zero)
        #expect(try world.account(world.operators[0].owner.address).balance == commission)
        let stake = try Amount(tokens: 100_008).subtracting(commission)
        #expect(try world.validator(0).bonded.tokens == stake)
    }

    @Test("block rewards come from the genesis pool and stop when it is empty")
    func schedule() throws {
        let world = try World { $0.staking.blockReward = Amount(tokens: 400) }
        try world.blocks(4)
        #expect(try world.pools().rewardPool == .zero)
        #expect(try world.validator(0).rewards == Amount(tokens: 1_000))
    }

    @Test("two votes for one round cost stake and service for good, also in unbonding")
    func equivocation() throws {
        let world = try World()
        try world.send(world.users[0], delegate(world, 1_000, to: 1))
        try world.send(world.users[0], undelegate(world, 1_000, from: 1))
        let proof = try evidence(world, operator: 1, height: 1)
        let outcome = try world.block(evidence: [proof])
        #expect(outcome.includedEvidence == [proof])
        let record = try world.validator(1)
        #expect(record.status == .tombstoned)
        #expect(record.bonded.tokens == Amount(tokens: 95_000))
        #expect(record.unbonding.tokens == Amount(tokens: 950))
        #expect(try world.block(evidence: [proof]).includedEvidence.isEmpty, "punished once")
        try finishEpoch(world)
        #expect(world.validators.count == 3)
        let owner = world.operators[1].owner
        try world.send(
            world.users[0],
            .transfer(Transfer(to: owner.address, amount: Amount(tokens: 1)))
        )
        #expect(try world.refusal(owner, .unjail) == .validatorTombstoned)
        #expect(
            try world.refusal(world.users[0], delegate(world, 1, to: 1)) == .validatorTombstoned
        )
        try world.blocks(20)
        let left = try world.account(world.users[0].address).balance
        #expect(left > Amount(tokens: 1_000_000 - 1_000 + 940), "950 of 1,000 came back")
    }

    @Test("evidence that proves nothing, or is too old, is left out")
    func badEvidence() throws {
        let world = try World()
        let forged = try evidence(world, operator: 1, height: 1, signer: world.operators[2].hot)
        try world.block()
        #expect(try world.block(evidence: [forged]).includedEvidence.isEmpty)
        let ahead = try evidence(world, operator: 1, height: 9)
        #expect(try world.block(evidence: [ahead]).includedEvidence.isEmpty)
        let old = try evidence(world, operator: 1, height: 1)
        try world.blocks(10)
        #expect(try world.block(evidence: [old]).includedEvidence.isEmpty)
        #expect(try world.validator(1).status == .active)
    }

    private func evidence(
        _ world: World,
        operator number: Int,
        height: UInt64,
        signer: Actor? = nil
    ) throws -> DuplicateVoteEvidence {
        let hot = world.operators[number].hot
        let index = try #require(world.validators.index(of: hot.key))
        let votes = ["a", "b"].map { block in
            let vote = Vote(
                kind: .prevote,
                height: Height(height),
                round: .zero,
                block: World.digest(block),
                validator: index
            )
            return SignedVote(
                vote: vote,
                signature: (signer ?? hot).sign(vote.signBytes(chain: world.genesis.chain))
            )
        }
        return try #require(DuplicateVoteEvidence(votes[0], votes[1]))
    }

    @Test("a jailed validator leaves the set, waits, and comes back by its owner's word")
    func jail() throws {
        let world = try World {
            $0.staking.missedVerdictLimit = 1
            $0.staking.jailHeights = 12
        }
        let datanet = try world.createDatanet(world.users[0])
        try world.contribute(world.users[1], to: datanet, "one", records: 2)
        let claim = try world.send(
            world.users[7],
            .submitClaim(world.screening(datanet, covers: 1, records: 2))
        )
        try world.draw(claim)
        let absent = try world.panel(claim).members[0].validator
        try world.judge(claim, [.silent, .valid, .valid])
        let number = try #require(
            world.operators.firstIndex { $0.owner.address == absent }
        )
        guard case .jailed(let until) = try world.validator(number).status else {
            Issue.record("not jailed")
            return
        }
        try finishEpoch(world)
        #expect(world.validators.count == 3)
        let owner = world.operators[number].owner
        try world.send(
            world.users[0],
            .transfer(Transfer(to: owner.address, amount: Amount(tokens: 1)))
        )
        #expect(try world.refusal(world.users[0], .unjail) == .unknownValidator)
        while world.height.next.next < until { try world.block() }
        #expect(try world.refusal(owner, .unjail) == .stillJailed)
        #expect(world.height.next == until)
        try world.send(owner, .unjail)
        #expect(try world.refusal(owner, .unjail) == .notJailed)
        try finishEpoch(world)
        #expect(world.validators.count == 4)
    }

    @Test("a chain never loses its last validators")
    func lastOnes() throws {
        let world = try World(validators: 1)
        let owner = world.operators[0].owner
        try world.send(
            world.users[0],
            .transfer(Transfer(to: owner.address, amount: Amount(tokens: 1)))
        )
        try world.send(owner, undelegate(world, 99_999))
        try finishEpoch(world)
        #expect(world.validators.count == 1)
    }
}
