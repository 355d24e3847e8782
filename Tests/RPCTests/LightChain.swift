import Cryptography
import Ledger
import LightClient
import Primitives
import RPC
import StateTree
import Synchronization
import Testing
import Voting

/// A chain of signed headers whose last state is known, and the node that shows it, honestly or not.
final class LightChain: LightSource {
    enum Lie: Sendable {
        case none
        /// A value that the proof does not show.
        case wrongValue
        /// The proof of another key.
        case wrongProof
        /// Headers signed by a key of its own.
        case inventedHeaders
        /// Precommits of too few.
        case missingSignatures
        /// A header that was changed after it was signed.
        case forgedHeader
        /// The set of another chain.
        case staleSet
        /// Says nothing.
        case silent
    }

    static let chain = ChainID("light-chain") ?? { preconditionFailure("a valid chain id") }()
    static let start: UInt64 = 1_700_000_000_000
    static let length: UInt64 = 12
    static var now: UInt64 { start + 60_000 }
    static var rules: LightClientRules { LightClientRules(chain: chain) }

    let name: String
    let blocks: [LightBlock]
    let tree: MemoryNodeStore
    let values: [[UInt8]: [UInt8]]
    let lie: Mutex<Lie>

    /// - Parameter salt: makes another chain of the same validators from block 6 on.
    init(_ name: String, _ lie: Lie = .none, salt: Bool = false) throws {
        self.name = name
        self.lie = Mutex(lie)
        let address = try #require(Address([UInt8](repeating: 7, count: 20)))
        values = [
            StateKey.account(address): Account(balance: Amount(tokens: 5)).borshBytes,
            [1]: [2], [3]: [4],
        ]
        var store = MemoryNodeStore()
        let update = try StateTree.apply(
            values.map { (key: $0.key, value: $0.value) },
            at: nil,
            to: 1,
            in: store
        )
        store.insert(update)
        tree = store
        var blocks: [LightBlock] = []
        for height in 1...Self.length {
            blocks.append(
                try Self.block(
                    height,
                    parent: blocks.last,
                    root: update.root,
                    time: salt && height > 5 ? 1 : 0
                )
            )
        }
        self.blocks = blocks
    }

    static func set(_ seeds: [UInt8] = [1, 2, 3, 4]) throws -> ValidatorSet {
        try ValidatorSet(
            try seeds.map { seed in
                Validator(
                    address: try #require(Address([UInt8](repeating: seed, count: 20))),
                    key: try SigningKey(seed: [UInt8](repeating: seed, count: 32)).publicKey,
                    power: 1
                )
            }
        )
    }

    static func block(
        _ height: UInt64,
        parent: LightBlock?,
        root: Digest,
        time: UInt64 = 0,
        seeds: [UInt8] = [1, 2, 3, 4]
    ) throws -> LightBlock {
        let set = try set(seeds)
        let header = BlockHeader(
            chain: chain,
            height: Height(height),
            time: start + height * 10 + time,
            parent: parent?.header.hash ?? .zero,
            transactionsRoot: .zero,
            stateRoot: root,
            receiptsRoot: .zero,
            validatorsHash: set.hash,
            nextValidatorsHash: set.hash,
            lastCommitHash: .zero,
            evidenceRoot: .zero,
            proposer: set.validators[0].key,
            vrfProof: .zero,
            beacon: .zero
        )
        let entries = try seeds.map { seed in
            let key = try SigningKey(seed: [UInt8](repeating: seed, count: 32))
            let index = try #require(set.index(of: key.publicKey))
            let vote = Vote(
                kind: .precommit,
                height: header.height,
                round: .zero,
                block: header.hash,
                validator: index
            )
            return CommitCertificate.Entry(
                validator: index,
                signature: key.sign(vote.signBytes(chain: chain))
            )
        }
        let certificate = CommitCertificate(
            height: header.height,
            round: .zero,
            block: header.hash,
            signatures: entries
        )
        return LightBlock(header: header, certificate: certificate, validators: set)
    }

    func lightBlock(at height: Height) async throws -> LightBlock {
        guard height > .genesis, height.value <= Self.length else {
            throw RPCError.notFound("block \(height.value)")
        }
        let block = blocks[Int(height.value) - 1]
        switch lie.withLock({ $0 }) {
        case .silent: throw RPCError.unavailable("silent")
        case .inventedHeaders:
            return try Self.block(height.value, parent: nil, root: .zero, seeds: [91, 92, 93])
        case .missingSignatures:
            let certificate = CommitCertificate(
                height: height,
                round: .zero,
                block: block.header.hash,
                signatures: Array(block.certificate.signatures.prefix(2))
            )
            return LightBlock(
                header: block.header,
                certificate: certificate,
                validators: block.validators
            )
        case .forgedHeader:
            var header = block.header
            header.stateRoot = .zero
            return LightBlock(
                header: header,
                certificate: block.certificate,
                validators: block.validators
            )
        case .staleSet:
            return LightBlock(
                header: block.header,
                certificate: block.certificate,
                validators: try Self.set([1, 2, 3])
            )
        case .none, .wrongValue, .wrongProof: return block
        }
    }

    func evidence(for key: [UInt8], at height: Height?) async throws -> StateEvidence {
        let block = blocks[Int(height?.value ?? Self.length) - 1]
        let lie = lie.withLock { $0 }
        var asked = key
        if case .wrongProof = lie { asked = [3] }
        let proof = try StateTree.prove(asked, at: 1, in: tree).proof
        var value = values[key]
        if case .wrongValue = lie { value = [9, 9] }
        return StateEvidence(
            value: value,
            proof: proof.borshBytes,
            header: block.header,
            certificate: block.certificate
        )
    }
}
