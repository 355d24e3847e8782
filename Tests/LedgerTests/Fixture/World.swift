import Commitments
import Cryptography
import Ledger
import Primitives
import Testing
import Voting

/// A state in memory.
struct MemoryState: StateReader {
    var values: [[UInt8]: [UInt8]] = [:]

    func value(_ key: [UInt8]) throws(StateReadError) -> [UInt8]? { values[key] }

    mutating func apply(_ changes: [StateChange]) {
        for change in changes { values[change.key] = change.value }
    }
}

/// A chain of one proposer without consensus: transactions in, outcomes out.
final class World {
    static let fee = Amount(units: 1_000_000_000_000_000)

    let genesis: Genesis
    let operators: [Operator]
    let users: [Actor]
    var state = MemoryState()
    var height = Height.genesis
    var validators: ValidatorSet
    /// The set that decided the last block.
    var lastValidators: ValidatorSet?
    var events: [Event] = []
    var receipts: [Digest: Receipt.Result] = [:]

    init(
        validators count: Int = 4,
        users userCount: Int = 8,
        adjust: (inout ChainParameters) -> Void = { _ in }
    ) throws {
        var parameters = ChainParameters.test
        adjust(&parameters)
        let operators = (0..<count).map { Operator(UInt8($0)) }
        let users = (0..<userCount).map { Actor(UInt8($0 + 1)) }
        let stake = Amount(tokens: 100_000)
        let balance = Amount(tokens: 1_000_000)
        let rewardPool = Amount(tokens: 1_000)
        let spent = UInt64(count) * 100_000 + UInt64(userCount) * 1_000_000 + 1_000
        genesis = Genesis(
            chain: try #require(ChainID("test-1")),
            time: 1_000,
            parameters: parameters,
            validators: operators.map {
                Genesis.Member(
                    owner: $0.owner.address,
                    key: $0.hot.key,
                    stake: stake,
                    commissionPerMille: 100
                )
            },
            balances: users.map { Genesis.Balance(address: $0.address, amount: balance) },
            treasury: Amount(tokens: 1_000_000_000 - spent),
            rewardPool: rewardPool
        )
        self.operators = operators
        self.users = users
        let start = try genesis.initialState()
        validators = start.validators
        state.apply(start.changes)
    }

    var parameters: ChainParameters { genesis.parameters }

    // MARK: Blocks

    /// - Parameter absent: the owners whose votes the certificate of the last block lacks; nil for
    ///   no certificate.
    @discardableResult
    func block(
        _ transactions: [SignedTransaction] = [],
        evidence: [DuplicateVoteEvidence] = [],
        absent: [Address]? = nil,
        proposer: Actor? = nil
    ) throws -> BlockOutcome {
        let next = height.next
        let input = BlockInput(
            height: next,
            time: 1_000 + next.value,
            proposer: (proposer ?? operators[0].hot).key,
            beacon: beacon(next),
            transactions: transactions,
            evidence: evidence,
            lastCommit: try absent.flatMap(certificate)
        )
        let outcome = try Execution.execute(input, on: state)
        state.apply(outcome.changes)
        height = next
        lastValidators = validators
        validators = outcome.nextValidators
        events += outcome.events
        for receipt in outcome.receipts { receipts[receipt.transaction] = receipt.result }
        return outcome
    }

    func blocks(_ count: Int) throws {
        for _ in 0..<count { try block() }
    }

    /// A certificate of the last block; nobody verifies its signatures here.
    private func certificate(without absent: [Address]) throws -> CommitCertificate? {
        guard let set = lastValidators else { return nil }
        let signers = set.validators.indices.filter {
            !absent.contains(set.validators[$0].address)
        }
        return CommitCertificate(
            height: height,
            round: .zero,
            block: .zero,
            signatures: signers.map {
                CommitCertificate.Entry(validator: ValidatorIndex(UInt16($0)), signature: .zero)
            }
        )
    }

    func finishEpoch() throws {
        repeat { try block() } while !parameters.staking.isLast(height)
    }

    /// A hot key's word that it may serve this owner.
    func proof(of hot: Actor, for owner: Actor) -> Signature {
        hot.sign(RegisterValidator.proofBytes(chain: genesis.chain, owner: owner.address))
    }

    func beacon(_ height: Height) -> Digest {
        Beacon.next(previous: genesis.hash, output: height.borshBytes)
    }

    // MARK: Transactions

    func transaction(
        _ sender: Actor,
        _ action: Action,
        fee: Amount = World.fee,
        ahead: UInt64 = 0
    ) throws -> SignedTransaction {
        let nonce = try account(sender.address).nonce + ahead
        return sender.sign(
            Transaction(
                chain: genesis.chain,
                sender: sender.address,
                nonce: nonce,
                fee: fee,
                action: action
            )
        )
    }

    /// Puts one transaction into a block of its own, and returns its id; it has to succeed.
    @discardableResult
    func send(
        _ sender: Actor,
        _ action: Action,
        fee: Amount = World.fee,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> Digest {
        let signed = try transaction(sender, action, fee: fee)
        let outcome = try block([signed])
        #expect(
            outcome.receipts.map(\.result) == [.ok],
            "\(action.kind) \(outcome.excluded)",
            sourceLocation: location
        )
        return signed.id
    }

    /// What a transaction is refused with: in its block, or before it.
    func refusal(
        _ sender: Actor,
        _ action: Action,
        fee: Amount = World.fee
    ) throws -> Refusal? {
        let outcome = try block([try transaction(sender, action, fee: fee)])
        if let excluded = outcome.excluded.first { return excluded.refusal }
        guard case .refused(let refusal) = try #require(outcome.receipts.first).result else {
            return nil
        }
        return refusal
    }

    // MARK: State

    func entry<Entry: StateEntry>(
        _ key: [UInt8],
        _ type: Entry.Type = Entry.self
    ) throws -> Entry? {
        try state.values[key].map { try Entry(borsh: $0) }
    }

    func account(_ address: Address) throws -> Account {
        try entry(StateKey.account(address)) ?? Account()
    }

    func balance(_ actor: Actor) throws -> Amount { try account(actor.address).balance }

    func validator(_ number: Int) throws -> ValidatorRecord {
        try #require(try entry(StateKey.validator(operators[number].owner.address)))
    }

    func claim(_ id: Digest) throws -> Claim { try #require(try entry(StateKey.claim(id))) }
    func panel(_ id: Digest) throws -> Panel { try #require(try entry(StateKey.panel(id))) }
    func adapter(_ id: Digest) throws -> Adapter { try #require(try entry(StateKey.adapter(id))) }
    func pools() throws -> Pools { try #require(try entry(StateKey.pools)) }

    func happened(_ kind: Event.Kind) -> [Event] { events.filter { $0.kind == kind } }

    /// A digest that a test can name.
    static func digest(_ text: String) -> Digest { artifactID(of: Array(text.utf8)) }
}
