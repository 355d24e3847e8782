import Consensus
import Cryptography
import Ledger
import Primitives
import Replica
import Testing
import Voting

/// Replicas with a clock that the test turns and a network that loses nothing, except what the
/// test takes out. Everything that a replica asks of its shell is done at once.
final class Cluster {
    static let start: UInt64 = 1_700_000_000_000

    let genesis: Genesis
    let record: ChainRecord
    let keys: [[UInt8]]
    var stores: [TestStore] = []
    var replicas: [Replica<TestStore>] = []
    /// Everything that each replica has asked for, in order.
    var effects: [[ReplicaEffect]] = []
    var clock = Cluster.start
    /// Messages for which this is false are lost.
    var passes: (_ message: ReplicaMessage, _ from: Int, _ to: Int) -> Bool = { _, _, _ in true }
    private var messages: [(message: ReplicaMessage, from: Int, to: Int)] = []
    private var timers: [(timer: ReplicaTimer, due: UInt64, owner: Int)] = []

    /// - Parameter count: how many of the validators run; the others are for the test to play.
    init(validators: Int = 4, running count: Int = 4) throws {
        keys = (0..<validators).map { [UInt8](repeating: UInt8($0) + 100, count: 32) }
        genesis = try Self.genesis(keys)
        record = ChainRecord(
            chain: genesis.chain,
            genesis: genesis.hash,
            parameters: genesis.parameters
        )
        for number in 0..<count {
            let store = try TestStore(genesis: genesis)
            stores.append(store)
            replicas.append(try replica(number, store))
            effects.append([])
        }
    }

    static func genesis(_ keys: [[UInt8]]) throws -> Genesis {
        let senders = try Senders()
        let members = try keys.enumerated().map { number, seed in
            Genesis.Member(
                owner: try senders.address(UInt8(number) + 200),
                key: try SigningKey(seed: seed).publicKey,
                stake: Amount(tokens: 10_000),
                commissionPerMille: 0
            )
        }
        let balances = try (UInt8(1)...3).map {
            Genesis.Balance(address: try senders.address($0), amount: Amount(tokens: 1_000))
        }
        let given = UInt64(members.count) * 10_000 + 3_000
        return Genesis(
            chain: senders.chain,
            time: start - 1_000,
            parameters: .test,
            validators: members,
            balances: balances,
            treasury: Amount(tokens: 1_000_000_000 - given),
            rewardPool: .zero
        )
    }

    private func replica(_ number: Int, _ store: TestStore) throws -> Replica<TestStore> {
        Replica(
            configuration: ReplicaConfiguration(
                record: record,
                validatorKeys: [try SigningKey(seed: keys[number]).publicKey]
            ),
            tip: store.tip,
            store: store
        )
    }

    func peer(_ number: Int) throws -> PeerID {
        PeerID(try SigningKey(seed: [UInt8](repeating: UInt8(number) + 50, count: 32)).publicKey)
    }

    /// The running number of the validator with this index in the set.
    func number(of index: ValidatorIndex) throws -> Int {
        let key = try #require(stores[0].tip.validators[index]?.key)
        return try #require(try keys.firstIndex { try SigningKey(seed: $0).publicKey == key })
    }

    func index(of number: Int) throws -> ValidatorIndex {
        let key = try SigningKey(seed: keys[number]).publicKey
        return try #require(stores[0].tip.validators.index(of: key))
    }

    /// The running number of the proposer of the height in progress.
    func proposer(round: UInt32 = 0) throws -> Int {
        let tip = stores[0].tip
        return try number(
            of: tip.validators.proposer(height: tip.height.next, round: Round(round))
        )
    }

    func sign(_ vote: Vote) throws -> SignedVote {
        let key = try SigningKey(seed: keys[try number(of: vote.validator)])
        return SignedVote(vote: vote, signature: key.sign(vote.signBytes(chain: record.chain)))
    }

    func sign(_ proposal: Proposal) throws -> SignedProposal {
        let key = try SigningKey(seed: keys[try number(of: proposal.proposer)])
        return SignedProposal(
            proposal: proposal,
            signature: key.sign(proposal.signBytes(chain: record.chain))
        )
    }
}

// MARK: - Running

extension Cluster {
    /// Starts all replicas and connects them.
    func begin() throws {
        for number in replicas.indices { try give(.start(log: stores[number].log), to: number) }
        for one in replicas.indices {
            for other in replicas.indices where one != other {
                try give(.connected(try peer(other)), to: one)
            }
        }
        try deliver()
    }

    /// Gives one input, performs what comes out, and returns it.
    @discardableResult
    func give(_ input: ReplicaInput, to number: Int) throws -> [ReplicaEffect] {
        let result = replicas[number].step(input, now: clock)
        effects[number] += result
        for effect in result { try perform(effect, of: number) }
        return result
    }

    private func perform(_ effect: ReplicaEffect, of number: Int) throws {
        switch effect {
        case .send(let message, let to):
            for other in replicas.indices where try peer(other) == to {
                messages.append((message, number, other))
            }
        case .broadcast(let message, let excepted):
            for other in replicas.indices where other != number {
                if try peer(other) != excepted { messages.append((message, number, other)) }
            }
        case .schedule(let timer, let milliseconds):
            timers.append((timer, clock + milliseconds, number))
        case .sign(let request, _): try answer(request, of: number)
        case .persist(let entry, _): stores[number].log.append(entry)
        case .commit(let block):
            stores[number].commit(block)
            try give(.committed(block.height), to: number)
        case .reply, .report, .note, .halt: break
        }
    }

    private func answer(_ request: SignRequest, of number: Int) throws {
        switch request {
        case .vote(let vote): try give(.signed(.vote(try sign(vote))), to: number)
        case .proposal(let proposal):
            try give(.signed(.proposal(try sign(proposal))), to: number)
        case .beacon(let alpha):
            let key = try SigningKey(seed: keys[number])
            try give(.signed(.beacon(alpha: alpha, VRF.prove(alpha, with: key))), to: number)
        }
    }

    /// Delivers messages until none is under way.
    func deliver() throws {
        while !messages.isEmpty {
            let (message, from, to) = messages.removeFirst()
            guard passes(message, from, to) else { continue }
            let copy = try ReplicaMessage(borsh: message.borshBytes)
            #expect(copy == message)
            try give(.message(copy, from: try peer(from)), to: to)
        }
    }

    /// Turns the clock, firing timers in the order in which they are due.
    func pass(_ milliseconds: UInt64) throws {
        let end = clock + milliseconds
        while let next = timers.indices.min(by: { timers[$0].due < timers[$1].due }),
            timers[next].due <= end
        {
            let (timer, due, owner) = timers.remove(at: next)
            clock = max(clock, due)
            try give(.timer(timer), to: owner)
            try deliver()
        }
        clock = end
    }

    /// A new process over the same store.
    @discardableResult
    func restart(_ number: Int) throws -> [ReplicaEffect] {
        timers.removeAll { $0.owner == number }
        replicas[number] = try replica(number, stores[number])
        return try give(.start(log: stores[number].log), to: number)
    }

    func heights() -> [UInt64] { stores.map { $0.tip.height.value } }

    func notes(_ number: Int) -> [ReplicaNote] {
        effects[number].compactMap { if case .note(let note) = $0 { note } else { nil } }
    }

    func reports(_ number: Int) -> [Misbehaviour] {
        effects[number].compactMap { if case .report(_, let what) = $0 { what } else { nil } }
    }

    func requests(_ number: Int) -> [SignRequest] {
        effects[number].compactMap { if case .sign(let request, _) = $0 { request } else { nil } }
    }
}

extension ReplicaStatus {
    /// A peer's word that it has committed so much.
    static func claim(_ height: Height) -> ReplicaStatus {
        ReplicaStatus(
            committed: height,
            round: .zero,
            hasProposal: false,
            salt: 0,
            prevotes: [],
            precommits: [],
            lastPrevotes: [],
            lastPrecommits: []
        )
    }
}
