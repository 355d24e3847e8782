import Commitments
import Ledger
import Primitives
import TestSupport
import Testing
import Voting

/// One world, its naive twin, and those who act in both.
struct DifferentialRun {
    /// Rows that somebody served, for two claims and a settlement.
    struct Job {
        let provider: Actor
        let adapter: Digest
        let vouchers: [Digest]
        let rows: [SettlementRow]
    }

    let world: World
    var naive: NaiveLedger
    var generator: SeededGenerator
    let senders: [Actor]
    let hotKeys: [Actor]
    /// Whoever may hold a hot key, by address.
    let hands: [Address: Actor]
    private(set) var sent = 0
    private(set) var accepted: [Action.Kind: Int] = [:]
    /// The set of each height that may still be convicted.
    private var sets: [UInt64: ValidatorSet] = [:]
    /// What hides behind commitments.
    var roots: [Digest: Digest] = [:]
    var vows: [Digest: [Address: Panel.Statement]] = [:]
    var jobs: [Job] = []
    var sequences: [Digest: UInt64] = [:]
    var counter = 0
    /// When each transaction, and so each object, was sent.
    private var order: [Digest: Int] = [:]
    private var batch: [SignedTransaction] = []
    private var ahead: [Address: UInt64] = [:]

    init(seed: UInt64) throws {
        world = try World(adjust: {
            $0.staking.blockReward = Amount(units: 777_777_777_777)
            $0.bondHoldHeights = 100
            $0.maxContributions = 12
            $0.claims.committeeSize = 4
            $0.staking.voteWindow = 64
            $0.staking.missedVoteLimit = 5
            $0.staking.downtimeSlashPerMille = 7
            $0.staking.commissionHeights = 4
            $0.staking.maxValidators = 8
            $0.staking.maxCandidates = 9
        })
        naive = NaiveLedger(world.genesis)
        generator = SeededGenerator(seed: seed)
        senders = world.users + world.operators.map(\.owner)
        hotKeys = world.operators.map(\.hot) + (0..<4).map { Actor(220 + $0) }
        hands = Dictionary(
            (UInt8(150)..<230).map { Actor($0) }.map { ($0.address, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let world = world
        naive.drawn = { id in
            let members = (try? world.panel(id).members) ?? []
            return members.map {
                NaiveLedger.Judge(owner: $0.validator, hot: $0.hot, power: $0.power)
            }
        }
        naive.sampled = { id, seat, seats in
            let rules = world.parameters.claims
            let claim = try? world.claim(id)
            return claim?.sample(id: id, seat: seat, of: seats, parameters: rules) ?? []
        }
    }

    var acceptedCount: Int { accepted.values.reduce(0, +) }

    // MARK: Blocks

    /// A block in both; what differs afterwards, or nil.
    mutating func block() throws -> String? {
        sets[world.height.value + 1] = world.validators
        let proofs = chance(1, 60) ? try evidence() : []
        batch = []
        ahead = [:]
        for sender in senders where chance(3, 4) {
            for _ in 0..<below(3) { try add(sender, try action(of: sender)) }
        }
        for (sender, action) in try verdicts() { try add(sender, action) }
        let absent = chance(1, 3) ? absentees() : []
        let outcome = try world.block(batch, evidence: proofs, absent: absent)
        naive.begin()
        for proof in proofs {
            if let owner = sets[proof.height.value]?[proof.validator]?.address {
                naive.convict(owner)
            }
        }
        naive.miss(absent, proposer: world.operators[0].hot.key)
        naive.workDue()
        let expected = batch.map { naive.run($0) }
        naive.finish(proposer: world.operators[0].hot.key)
        sent += batch.count
        return try disagreement(outcome, expected) ?? difference()
    }

    private mutating func add(_ sender: Actor, _ action: Action) throws {
        let isVerdict = [.commitVerdict, .revealVerdict].contains(action.kind)
        var fee = isVerdict ? Amount.zero : World.fee
        if chance(1, 32) { fee = Amount(units: generator.next()) }
        let skew = chance(1, 48) ? UInt64(1) : 0
        let place = ahead[sender.address, default: 0]
        let transaction = try world.transaction(sender, action, fee: fee, ahead: place + skew)
        order[transaction.id] = order.count
        batch.append(transaction)
        ahead[sender.address] = place + 1
    }

    /// Which transaction one ledger takes and the other does not.
    private mutating func disagreement(_ outcome: BlockOutcome, _ expected: [Bool?]) -> String? {
        let excluded = Dictionary(
            outcome.excluded.map { ($0.transaction, $0.refusal) },
            uniquingKeysWith: { first, _ in first }
        )
        let receipts = Dictionary(
            outcome.receipts.map { ($0.transaction, $0.result) },
            uniquingKeysWith: { first, _ in first }
        )
        for (transaction, expected) in zip(batch, expected) {
            let result = receipts[transaction.id]
            let isAgreed = result.map { $0 == .ok } == expected
            if isAgreed {
                if expected == true { accepted[transaction.body.action.kind, default: 0] += 1 }
                continue
            }
            let said = result.map { "\($0)" } ?? "\(String(describing: excluded[transaction.id]))"
            return "\(transaction.body.action): \(said), naive \(String(describing: expected))"
        }
        return nil
    }

    // MARK: Chance

    mutating func below(_ limit: Int) -> Int { Int(generator.next() % UInt64(limit)) }

    mutating func chance(_ part: Int, _ whole: Int) -> Bool { below(whole) < part }

    mutating func pick<Value>(_ values: [Value]) -> Value? {
        values.isEmpty ? nil : values[below(values.count)]
    }

    /// The objects that were made last; older ones are seldom of use.
    func latest(_ ids: some Sequence<Digest>, _ count: Int) -> [Digest] {
        Array(ids.sorted { (order[$0] ?? 0) < (order[$1] ?? 0) }.suffix(count))
    }

    mutating func fresh(_ name: String) -> Digest {
        counter += 1
        return World.digest("\(name) \(counter)")
    }

    private mutating func absentees() -> [Address] {
        let set = world.lastValidators?.validators ?? []
        return set.map(\.address).filter { _ in chance(1, 4) }
    }

    /// A validator of a recent height that voted twice.
    private mutating func evidence() throws -> [DuplicateVoteEvidence] {
        let height = world.height
        guard let hot = pick(hotKeys), let set = sets[height.value],
            let index = set.index(of: hot.key)
        else { return [] }
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
