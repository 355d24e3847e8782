import Foundation
import Ledger
import Primitives
import TestSupport
import Testing
import Voting

/// Two ledgers, one of them naive, on the same random blocks. `OPENLEDGER_DIFFERENTIAL` says how
/// many transactions instead of the suite's few.
@Suite("Differential ledger") struct DifferentialTests {
    static let each = 5_000

    static var seeds: Range<UInt64> {
        let text = ProcessInfo.processInfo.environment["OPENLEDGER_DIFFERENTIAL"] ?? ""
        let wanted = max(1, (Int(text) ?? 2 * each) / each)
        return 0..<UInt64(wanted)
    }

    @Test(
        "every account, stake and pool agrees with the naive ledger, block by block",
        arguments: seeds
    )
    func agrees(seed: UInt64) throws {
        var run = try DifferentialRun(seed: seed)
        while run.sent < Self.each {
            try run.block()
            if let difference = try run.difference() {
                Issue.record("seed \(seed), height \(run.world.height.value): \(difference)")
                return
            }
        }
        #expect(run.accepted > Self.each / 4, "\(run.accepted)")
    }

    @Test("the naive division is the exact one")
    func division() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2_000 {
            let values = (0..<3).map { _ in
                (UInt128(generator.next()) << UInt128(generator.next() % 56)) >> 7
            }
            let expected = try? Amount(units: values[0]).scaled(by: values[1], over: values[2] + 1)
            #expect(NaiveLedger.part(values[0], values[1], values[2] + 1) == expected?.units)
        }
    }
}

/// One world, its naive twin, and those who act in both.
struct DifferentialRun {
    let world: World
    private var naive: NaiveLedger
    private var generator: SeededGenerator
    private let senders: [Actor]
    private let hotKeys: [Actor]
    private(set) var sent = 0
    private(set) var accepted = 0
    /// The set of each height that may still be convicted.
    private var sets: [UInt64: ValidatorSet] = [:]

    init(seed: UInt64) throws {
        world = try World { parameters in
            parameters.staking.blockReward = Amount(units: 777_777_777_777)
            parameters.staking.voteWindow = 64
            parameters.staking.missedVoteLimit = 5
            parameters.staking.downtimeSlashPerMille = 7
            parameters.staking.commissionHeights = 4
            parameters.staking.maxValidators = 8
            parameters.staking.maxCandidates = 9
        }
        naive = NaiveLedger(world.genesis)
        generator = SeededGenerator(seed: seed)
        senders = world.users + world.operators.map(\.owner)
        hotKeys = world.operators.map(\.hot) + (0..<4).map { Actor(220 + $0) }
    }

    mutating func block() throws {
        sets[world.height.value + 1] = world.validators
        naive.begin()
        let proofs = generator.next() % 40 == 0 ? try evidence() : []
        for proof in proofs {
            if let owner = sets[proof.height.value]?[proof.validator]?.address {
                naive.convict(owner)
            }
        }
        let absent = generator.next() % 3 == 0 ? absentees() : []
        naive.miss(absent, proposer: world.operators[0].hot.key)
        naive.payLeaving()
        var batch: [SignedTransaction] = []
        var expected: [Bool?] = []
        for sender in senders where generator.next() % 4 > 0 {
            for ahead in 0..<(generator.next() % 3) {
                let skew = generator.next() % 16 == 0 ? UInt64(1) : 0
                let fee = generator.next() % 16 == 0 ? Amount(units: generator.next()) : World.fee
                let action = try action(of: sender)
                batch.append(try world.transaction(sender, action, fee: fee, ahead: ahead + skew))
            }
        }
        for transaction in batch { expected.append(naive.run(transaction.body)) }
        let outcome = try world.block(batch, evidence: proofs, absent: absent)
        naive.finish(proposer: world.operators[0].hot.key)
        sent += batch.count
        accepted += outcome.receipts.filter { $0.result == .ok }.count
        #expect(outcome.receipts.map { $0.result == .ok } == expected.compactMap { $0 })
    }

    /// What differs first, or nil.
    func difference() throws -> String? {
        for sender in senders + hotKeys {
            let account = try world.account(sender.address)
            if account.balance.units != naive.balances[sender.address, default: 0] {
                return "balance"
            }
            if account.nonce != naive.nonces[sender.address, default: 0] { return "nonce" }
        }
        for (owner, member) in naive.members {
            guard let record: ValidatorRecord = try world.entry(StateKey.validator(owner)) else {
                return "validator missing"
            }
            let pools = [record.bonded, record.unbonding].map {
                NaiveLedger.Pool(tokens: $0.tokens.units, shares: $0.shares)
            }
            if pools != [member.bonded, member.leaving] { return "stake \(pools) \(member)" }
            if record.rewards.units != member.rewards { return "rewards" }
            var status = member.jailedUntil.map { ValidatorRecord.Status.jailed(until: Height($0)) }
            if member.isOut { status = .tombstoned }
            if record.status != status ?? .active { return "status" }
            if record.key != member.key || record.nextKey?.key != member.nextKey { return "key" }
            if record.commissionPerMille != UInt16(member.commission) { return "commission" }
            if record.missedVotes.total != UInt64(member.missed.count) { return "missed votes" }
        }
        for (place, shares) in naive.owned {
            let key = StateKey.delegation(place.member, place.delegator)
            let held: Delegation? = try world.entry(key)
            if held?.shares != shares { return "delegation" }
        }
        let pools = try world.pools()
        if pools.treasury.units != naive.treasury { return "treasury" }
        if pools.rewardPool.units != naive.rewardPool { return "reward pool" }
        return servingDifference()
    }

    private func servingDifference() -> String? {
        let serving = naive.serving
        guard world.parameters.staking.isLast(world.height), !serving.isEmpty else { return nil }
        let set = world.validators.validators.map { ($0.address, $0.power) }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        let isSame = set.elementsEqual(serving.prefix(Int(world.parameters.staking.maxValidators)))
        { $0.0 == $1.owner && $0.1 == $1.power }
        return isSame ? nil : "set"
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int(generator.next() % UInt64(values.count))]
    }

    private mutating func action(of sender: Actor) throws -> Action {
        let other = pick(senders).address
        var amount = Amount(units: UInt128(generator.next()) * UInt128(generator.next() % 5_000))
        if generator.next() % 8 == 0 { amount = Amount(units: UInt128(generator.next() % 3)) }
        if generator.next() % 32 == 0 { amount = Amount(units: .max) }
        switch generator.next() % 14 {
        case 0...2: return .transfer(Transfer(to: other, amount: amount))
        case 3...5: return .delegate(Delegate(validator: owner(), amount: amount))
        case 6...8: return .undelegate(Undelegate(validator: owner(), amount: amount))
        case 9: return .unjail
        case 10: return .setCommission(perMille: UInt16(generator.next() % 1_001))
        case 11:
            let hot = Actor(UInt8(generator.next() % 64) + 160)
            return .rotateKey(RotateKey(key: hot.key, proof: world.proof(of: hot, for: sender)))
        default:
            let hot = pick(hotKeys)
            return .registerValidator(
                RegisterValidator(
                    key: hot.key,
                    stake: amount,
                    commissionPerMille: UInt16(generator.next() % 1_001),
                    proof: world.proof(of: hot, for: sender)
                )
            )
        }
    }

    private mutating func absentees() -> [Address] {
        let set = world.lastValidators?.validators ?? []
        return set.map(\.address).filter { _ in generator.next() % 4 == 0 }
    }

    private mutating func owner() -> Address {
        generator.next() % 8 == 0 ? pick(senders).address : pick(world.operators).owner.address
    }

    /// A validator of a recent height that voted twice.
    private mutating func evidence() throws -> [DuplicateVoteEvidence] {
        let hot = pick(hotKeys)
        let height = world.height
        guard let set = sets[height.value], let index = set.index(of: hot.key) else { return [] }
        let votes = [nil, Digest.zero].map { block in
            let vote = Vote(
                kind: .precommit,
                height: height,
                round: .zero,
                block: block,
                validator: index
            )
            return SignedVote(
                vote: vote,
                signature: hot.sign(vote.signBytes(chain: world.genesis.chain))
            )
        }
        return [DuplicateVoteEvidence(votes[0], votes[1])].compactMap { $0 }
    }
}
