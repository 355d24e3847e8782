import Cryptography
import Ledger
import Primitives
import Replica
import Storage
import Testing
import Voting

/// A chain of one validator over a real database: every transaction makes a block.
struct SoloChain {
    static let validatorSeed = [UInt8](repeating: 1, count: 32)
    static let accountSeed = [UInt8](repeating: 2, count: 32)

    let genesis: Genesis
    let database: Database
    private var replica: Replica<ChainReader>
    private var now: UInt64
    private var nonce: UInt64
    private(set) var committed: [CommittedBlock] = []

    static func genesis(_ name: String = "solo", funds tokens: UInt64 = 1_000) throws -> Genesis {
        let key = try SigningKey(seed: validatorSeed).publicKey
        let account = Address(firstKey: try SigningKey(seed: accountSeed).publicKey)
        let stake = Amount(tokens: 10_000)
        let funds = Amount(tokens: tokens)
        return Genesis(
            chain: try #require(ChainID(name)),
            time: 1_700_000_000_000,
            parameters: .test,
            validators: [
                Genesis.Member(
                    owner: account,
                    key: key,
                    stake: stake,
                    commissionPerMille: 0
                )
            ],
            balances: [Genesis.Balance(address: account, amount: funds)],
            treasury: try Genesis.supply.subtracting(stake).subtracting(funds),
            rewardPool: .zero
        )
    }

    init(path: String, genesis: Genesis? = nil, retention: Retention = .archive) throws {
        let genesis = try genesis ?? Self.genesis()
        self.genesis = genesis
        database = try Database(path: path, genesis: genesis, retention: retention)
        let tip = try database.now.tip()
        replica = Replica(
            configuration: ReplicaConfiguration(
                record: ChainRecord(
                    chain: genesis.chain,
                    genesis: genesis.hash,
                    parameters: genesis.parameters
                ),
                validatorKeys: [try SigningKey(seed: Self.validatorSeed).publicKey]
            ),
            tip: tip,
            store: database.now
        )
        now = tip.time + 1000
        nonce = 0
        let account = Address(firstKey: try SigningKey(seed: Self.accountSeed).publicKey)
        if let bytes = try database.now.stateValue(StateKey.account(account)) {
            nonce = try Account(borsh: bytes).nonce
        }
        try step(.start(log: try database.now.log()))
    }

    /// Pays one token to an address made of the byte; returns the transaction's id.
    @discardableResult
    mutating func pay(to byte: UInt8) throws -> Digest {
        let key = try SigningKey(seed: Self.accountSeed)
        let body = Transaction(
            chain: genesis.chain,
            sender: Address(firstKey: key.publicKey),
            nonce: nonce,
            fee: genesis.parameters.minimumFee,
            action: .transfer(
                Transfer(
                    to: try #require(Address([UInt8](repeating: byte, count: 20))),
                    amount: Amount(tokens: 1)
                )
            )
        )
        nonce += 1
        let signed = body.signed(with: key)
        let before = committed.count
        try step(.submit(signed, SubmissionID(nonce)))
        #expect(committed.count == before + 1)
        return signed.id
    }

    private mutating func step(_ input: ReplicaInput) throws {
        var waiting = [input]
        while !waiting.isEmpty {
            now += 10
            for effect in replica.step(waiting.removeFirst(), now: now) {
                switch effect {
                case .sign(let request, _): waiting.append(.signed(try sign(request)))
                case .persist(let entry, let sync): try database.append(entry, sync: sync)
                case .commit(let block):
                    try database.commit(block)
                    committed.append(block)
                    waiting.append(.committed(block.height))
                case .halt(let fault): throw fault
                case .reply(_, .refused(let refusal)): throw refusal
                default: break
                }
            }
        }
    }

    private func sign(_ request: SignRequest) throws -> SignedItem {
        let key = try SigningKey(seed: Self.validatorSeed)
        switch request {
        case .vote(let vote):
            let bytes = vote.signBytes(chain: genesis.chain)
            return .vote(SignedVote(vote: vote, signature: key.sign(bytes)))
        case .proposal(let proposal):
            let bytes = proposal.signBytes(chain: genesis.chain)
            return .proposal(SignedProposal(proposal: proposal, signature: key.sign(bytes)))
        case .beacon(let alpha): return .beacon(alpha: alpha, VRF.prove(alpha, with: key))
        }
    }
}
