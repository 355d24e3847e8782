import Commitments
import Cryptography
import Ledger
import Primitives
import RPC
import Synchronization
import Voting

/// A node without a network: a state, blocks and events that the test puts in.
final class MemoryNode: NodeAPI {
    struct Contents: Sendable {
        var state: [[UInt8]: [UInt8]] = [:]
        /// Decides every block.
        var validators: ValidatorSet?
        var blocks: [BlockRecord] = []
        var transactions: [Digest: TransactionStanding] = [:]
        var artifacts: [Digest: [UInt8]] = [:]
        /// What the pool says to the next submission; nil takes it into a block at once.
        var verdict: SubmissionVerdict?
    }

    static let chain = ChainID("openledger-test") ?? { preconditionFailure("a valid chain id") }()
    let contents: Mutex<Contents>
    let watchers = Mutex<[AsyncStream<Height>.Continuation]>([])

    init(_ contents: Contents = Contents()) { self.contents = Mutex(contents) }

    func put(_ key: [UInt8], _ value: some BorshCodable) {
        contents.withLock { $0.state[key] = value.borshBytes }
    }

    func status() async -> NodeStatus {
        let last = contents.withLock { $0.blocks.last?.block.header }
        return NodeStatus(
            chain: Self.chain,
            genesis: .zero,
            height: last?.height ?? .genesis,
            block: last?.hash ?? .zero,
            blockTime: last?.time ?? 0,
            stateRoot: last?.stateRoot ?? .zero,
            earliestHeight: Height(1),
            peers: 0,
            isSynchronising: false,
            waitingTransactions: 0,
            validator: nil,
            fault: nil
        )
    }

    func block(at height: Height) async throws(RPCError) -> BlockRecord? {
        contents.withLock { $0.blocks.first { $0.block.header.height == height } }
    }

    func height(ofBlock hash: Digest) async throws(RPCError) -> Height? {
        contents.withLock { $0.blocks.first { $0.block.hash == hash }?.block.header.height }
    }

    func transaction(_ id: Digest) async throws(RPCError) -> TransactionStanding? {
        contents.withLock { $0.transactions[id] }
    }

    func submit(_ transaction: SignedTransaction) async -> SubmissionVerdict {
        contents.withLock { contents in
            if let verdict = contents.verdict { return verdict }
            contents.transactions[transaction.id] = .committed(
                transaction,
                height: Height(7),
                index: 0,
                receipt: Receipt(
                    transaction: transaction.id,
                    result: .ok,
                    fee: transaction.body.fee
                )
            )
            return .accepted
        }
    }

    func heights() -> AsyncStream<Height> {
        let (stream, continuation) = AsyncStream.makeStream(of: Height.self)
        watchers.withLock { $0.append(continuation) }
        return stream
    }

    /// Puts a transaction into a block, and tells whoever watches.
    func commit(_ transaction: SignedTransaction, at height: Height) {
        let receipt = Receipt(
            transaction: transaction.id,
            result: .ok,
            fee: transaction.body.fee
        )
        contents.withLock {
            $0.transactions[transaction.id] = .committed(
                transaction,
                height: height,
                index: 0,
                receipt: receipt
            )
        }
        for watcher in watchers.withLock({ $0 }) { watcher.yield(height) }
    }

    func nextNonce(of address: Address) async throws(RPCError) -> UInt64 { 3 }

    func stateValue(_ key: [UInt8]) async throws(RPCError) -> [UInt8]? {
        contents.withLock { $0.state[key] }
    }

    func stateEntries(
        prefix: [UInt8],
        after: [UInt8]?,
        limit: Int
    ) async throws(RPCError) -> [(key: [UInt8], value: [UInt8])] {
        let entries = contents.withLock { $0.state }
            .filter { $0.key.starts(with: prefix) }
            .filter { entry in after.map { $0.lexicographicallyPrecedes(entry.key) } ?? true }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return entries.prefix(limit).map { ($0.key, $0.value) }
    }

    func stateEvidence(
        _ key: [UInt8],
        at height: Height?
    ) async throws(RPCError) -> StateEvidence? {
        contents.withLock { contents in
            contents.blocks.last.map {
                StateEvidence(
                    value: contents.state[key],
                    proof: [1, 2, 3],
                    header: $0.block.header,
                    certificate: $0.certificate
                )
            }
        }
    }

    func validatorSet(at height: Height) async throws(RPCError) -> ValidatorSet? {
        contents.withLock { $0.validators }
    }

    func events(
        from height: Height,
        index: UInt32,
        limit: Int
    ) async throws(RPCError) -> [EventRecord] {
        let all = contents.withLock { $0.blocks }.flatMap { record in
            record.events.enumerated().map {
                EventRecord(
                    height: record.block.header.height,
                    index: UInt32($0.offset),
                    event: $0.element
                )
            }
        }
        let rest = all.filter {
            $0.height > height || ($0.height == height && $0.index >= index)
        }
        return Array(rest.prefix(limit))
    }

    func artifactLength(_ id: Digest) async -> UInt64? {
        contents.withLock { $0.artifacts[id].map { UInt64($0.count) } }
    }

    func artifactBytes(
        _ id: Digest,
        offset: UInt64,
        count: Int
    ) async throws(RPCError) -> [UInt8] {
        guard let bytes = contents.withLock({ $0.artifacts[id] }) else {
            throw .notFound("the artifact \(id)")
        }
        return Array(bytes.dropFirst(Int(offset)).prefix(count))
    }

    func storeArtifact(_ bytes: [UInt8]) async throws(RPCError) -> Digest {
        let id = ArtifactManifest(of: bytes).id
        contents.withLock { $0.artifacts[id] = bytes }
        return id
    }
}

extension BlockRecord {
    /// A block of no validity, for showing.
    static func sample(
        height: UInt64,
        transactions: [SignedTransaction] = [],
        events: [Event] = []
    ) -> BlockRecord {
        let header = BlockHeader(
            chain: MemoryNode.chain,
            height: Height(height),
            time: 1_000 * height,
            parent: .zero,
            transactionsRoot: .zero,
            stateRoot: .zero,
            receiptsRoot: .zero,
            validatorsHash: .zero,
            nextValidatorsHash: .zero,
            lastCommitHash: .zero,
            evidenceRoot: .zero,
            proposer: .zero,
            vrfProof: .zero,
            beacon: .zero
        )
        return BlockRecord(
            block: Block(header: header, transactions: transactions, evidence: [], lastCommit: nil),
            certificate: CommitCertificate(
                height: Height(height),
                round: .zero,
                block: header.hash,
                signatures: []
            ),
            receipts: [],
            events: events
        )
    }
}
