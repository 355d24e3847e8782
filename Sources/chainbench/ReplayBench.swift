import Cryptography
import Foundation
import Ledger
import Node
import Primitives
import Replica
import Storage
import Voting

/// A chain of transfers, and a late node that fetches it from block 0: certificates, signatures,
/// execution, state tree and synced commits, everything but the network.
struct ReplayBench {
    let blocks: Int
    let transfers: Int

    func run() throws {
        let keys = (0..<transfers).map { number in
            taggedHash(HashTag("chainbench/sender"), Array("\(number)".utf8)).bytes
        }
        let senders = try keys.map { Address(firstKey: try SigningKey(seed: $0).publicKey) }
        let chain = try BenchChain(senders: senders)
        let scratch = try Scratch()
        let made = try make(chain, keys, senders, in: scratch.file("source"))
        let database = try Database(
            path: scratch.file("target"),
            genesis: chain.genesis,
            retention: Retention(states: 100)
        )
        var follower = try BenchReplica(chain: chain, database: database, isValidator: false)
        let processor = clock()
        let time = try seconds { try follower.follow(made) }
        let used = Double(clock() - processor) / Double(CLOCKS_PER_SEC)
        guard try database.now.tip().height.value == UInt64(blocks) else {
            throw BenchError.outcome("the late node did not arrive")
        }
        let count = Double(made.reduce(0) { $0 + $1.block.transactions.count })
        report(
            "replay",
            [
                ("blocks", Double(made.count)), ("transfers", count), ("seconds", time),
                ("transfersPerSecond", count / time),
                ("processorMicroseconds", used / count * 1e6),
            ]
        )
    }

    private func make(
        _ chain: BenchChain,
        _ keys: [[UInt8]],
        _ senders: [Address],
        in path: String
    ) throws -> [CertifiedBlock] {
        let database = try Database(
            path: path,
            genesis: chain.genesis,
            retention: Retention(states: 100)
        )
        var source = try BenchReplica(chain: chain, database: database, isValidator: true)
        for height in 0..<blocks {
            for (number, seed) in keys.enumerated() {
                let body = Transaction(
                    chain: chain.genesis.chain,
                    sender: senders[number],
                    nonce: UInt64(height),
                    fee: chain.genesis.parameters.minimumFee,
                    action: .transfer(
                        Transfer(
                            to: BenchChain.account(height * keys.count + number),
                            amount: Amount(units: 1)
                        )
                    )
                )
                try source.submit(body.signed(with: try SigningKey(seed: seed)))
            }
            try source.release()
        }
        return source.committed
    }
}

/// A replica over a database, with everything that it asks of its shell done at once. Signatures are
/// held back until `release`, so that a block waits for all that was submitted.
struct BenchReplica {
    private let chain: BenchChain
    private let database: Database
    private let isValidator: Bool
    private var replica: Replica<ChainReader>
    private var held: [SignRequest] = []
    private var now: UInt64
    private var submissions: UInt64 = 0
    private(set) var committed: [CertifiedBlock] = []
    /// What a peer has, and the requests of this replica to it.
    private var served: [CertifiedBlock] = []

    init(chain: BenchChain, database: Database, isValidator: Bool) throws {
        self.chain = chain
        self.database = database
        self.isValidator = isValidator
        let key = try SigningKey(seed: BenchChain.validatorSeed).publicKey
        var configuration = ReplicaConfiguration(
            record: ChainRecord(
                chain: chain.genesis.chain,
                genesis: chain.genesis.hash,
                parameters: chain.genesis.parameters
            ),
            validatorKeys: isValidator ? [key] : []
        )
        configuration.checkSignatures = SignatureChecks.parallel
        replica = Replica(
            configuration: configuration,
            tip: try database.now.tip(),
            store: database.now
        )
        now = chain.genesis.time + 1_000
        try step(.start(log: []))
    }

    mutating func submit(_ transaction: SignedTransaction) throws {
        submissions += 1
        try step(.submit(transaction, SubmissionID(submissions)))
    }

    /// Signs what was held back, until a block is final.
    mutating func release() throws {
        let goal = committed.count + 1
        while committed.count < goal {
            guard !held.isEmpty else { throw BenchError.outcome("no block was made") }
            let requests = held
            held = []
            for request in requests { try step(.signed(try sign(request))) }
        }
    }

    /// Fetches and executes all of a peer's blocks.
    mutating func follow(_ blocks: [CertifiedBlock]) throws {
        served = blocks
        let peer = PeerID(try SigningKey(seed: [UInt8](repeating: 9, count: 32)).publicKey)
        now += UInt64(blocks.count) * 1_000
        try step(.connected(peer))
        let status = ReplicaStatus(
            committed: Height(UInt64(blocks.count)),
            round: .zero,
            hasProposal: false,
            salt: 0,
            prevotes: [],
            precommits: [],
            lastPrevotes: [],
            lastPrecommits: []
        )
        try step(.message(.status(status), from: peer))
        try step(.timer(.gossip))
        try step(.message(.status(status), from: peer))
    }

    private mutating func step(_ input: ReplicaInput) throws {
        var waiting = [input][...]
        while let next = waiting.popFirst() {
            now += 1
            for effect in replica.step(next, now: now) {
                switch effect {
                case .sign(let request, _): held.append(request)
                case .persist(let entry, let sync): try database.append(entry, sync: sync)
                case .commit(let block):
                    try database.commit(block)
                    if isValidator { committed.append(block.certified) }
                    waiting.append(.committed(block.height))
                case .send(.requestBlocks(let first, let count), let peer):
                    let start = Int(first.value) - 1
                    for block in served.dropFirst(start).prefix(Int(count)) {
                        waiting.append(.message(.block(block), from: peer))
                    }
                case .reply(_, .refused(let refusal)): throw refusal
                case .halt(let fault): throw fault
                default: break
                }
            }
        }
    }

    private func sign(_ request: SignRequest) throws -> SignedItem {
        let key = try SigningKey(seed: BenchChain.validatorSeed)
        let name = chain.genesis.chain
        switch request {
        case .vote(let vote):
            return .vote(
                SignedVote(vote: vote, signature: key.sign(vote.signBytes(chain: name)))
            )
        case .proposal(let proposal):
            return .proposal(
                SignedProposal(
                    proposal: proposal,
                    signature: key.sign(proposal.signBytes(chain: name))
                )
            )
        case .beacon(let alpha): return .beacon(alpha: alpha, VRF.prove(alpha, with: key))
        }
    }
}
