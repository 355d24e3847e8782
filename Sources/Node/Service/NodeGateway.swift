// The questions of the RPC, answered from the database. Each answer comes from one snapshot, so it
// never mixes two blocks.

import Commitments
package import Ledger
import LightClient
import Peers
package import Primitives
package import RPC
import Replica
import StateTree
package import Storage
package import Voting

/// A running node as the RPC sees it.
package struct NodeGateway: Sendable {
    let runner: ReplicaRunner
    let artifacts: ArtifactStore
    let record: ChainRecord
    /// The owner of the validator that this node signs for.
    let validator: Address?

    package init(
        runner: ReplicaRunner,
        artifacts: ArtifactStore,
        record: ChainRecord,
        validator: Address?
    ) {
        self.runner = runner
        self.artifacts = artifacts
        self.record = record
        self.validator = validator
    }

    private var database: Database { runner.database }
}

extension NodeGateway: NodeAPI {
    package func status() async -> NodeStatus {
        let chain = database.snapshot()
        let tip = try? chain.tip()
        let earliest = try? chain.earliestBlock()
        let pool = await runner.inspect { replica, isSynchronising in
            (count: replica.mempool.count, isSynchronising: isSynchronising)
        }
        return NodeStatus(
            chain: record.chain,
            genesis: record.genesis,
            height: tip?.height ?? .genesis,
            block: tip?.hash ?? record.genesis,
            blockTime: tip?.time ?? 0,
            stateRoot: tip?.stateRoot ?? .zero,
            earliestHeight: earliest ?? Height.genesis.next,
            peers: runner.network.connectedPeers.count,
            isSynchronising: pool?.isSynchronising ?? false,
            waitingTransactions: pool?.count ?? 0,
            validator: validator,
            fault: await runner.currentFault().map { "\($0)" }
        )
    }

    package func block(at height: Height) async throws(RPCError) -> BlockRecord? {
        try read(database.snapshot()) { chain throws(StorageError) in
            guard let certified = try chain.block(at: height) else { return nil }
            return BlockRecord(
                block: certified.block,
                certificate: certified.certificate,
                receipts: try chain.receipts(at: height),
                events: try chain.events(at: height)
            )
        }
    }

    package func height(ofBlock hash: Digest) async throws(RPCError) -> Height? {
        try read(database.now) { chain throws(StorageError) in try chain.height(ofBlock: hash) }
    }

    package func transaction(_ id: Digest) async throws(RPCError) -> TransactionStanding? {
        let committed = try read(database.snapshot()) {
            chain throws(StorageError) -> TransactionStanding? in
            guard let place = try chain.place(of: id),
                let block = try chain.block(at: place.height)?.block
            else { return nil }
            let index = Int(place.index)
            let receipts = try chain.receipts(at: place.height)
            guard block.transactions.indices.contains(index), receipts.indices.contains(index)
            else { return nil }
            return .committed(
                block.transactions[index],
                height: place.height,
                index: place.index,
                receipt: receipts[index]
            )
        }
        if let committed { return committed }
        let waiting = await runner.inspect { replica, _ in replica.mempool.transaction(id) }
        return waiting.flatMap { $0 }.map { .waiting($0) }
    }

    package func submit(_ transaction: SignedTransaction) async -> RPC.SubmissionVerdict {
        switch await runner.submit(transaction) {
        case .accepted: .accepted
        case .refused(.alreadyKnown): .known
        case .refused(.ledger(let refusal)): .refused(refusal)
        case .refused(.poolFull): .unavailable("the pool of waiting transactions is full")
        case .refused(.senderFull):
            .unavailable("too many transactions of this sender wait already")
        case .refused(.nonceGap): .unavailable("transactions with earlier nonces are missing")
        case .refused(.replacementUnderpriced):
            .unavailable("another transaction with this nonce waits, and its fee is as good")
        }
    }

    package func heights() -> AsyncStream<Height> { runner.heights() }

    package func nextNonce(of address: Address) async throws(RPCError) -> UInt64 {
        let waiting = await runner.inspect { replica, _ in replica.mempool.nextNonce(of: address) }
        if let nonce = waiting.flatMap({ $0 }) { return nonce }
        guard let bytes = try await stateValue(StateKey.account(address)) else { return 0 }
        do { return try Account(borsh: bytes).nonce } catch {
            throw .internalError("a stored account does not decode")
        }
    }

    package func stateValue(_ key: [UInt8]) async throws(RPCError) -> [UInt8]? {
        try read(database.now) { chain throws(StorageError) in try chain.stateValue(key) }
    }

    package func stateEntries(
        prefix: [UInt8],
        after: [UInt8]?,
        limit: Int
    ) async throws(RPCError) -> [(key: [UInt8], value: [UInt8])] {
        try read(database.now) { chain throws(StorageError) in
            try chain.stateEntries(prefix: prefix, after: after, limit: limit)
                .map { (key: $0.key, value: $0.value) }
        }
    }

    /// The value as of an older height cannot be read from the flat state, only the last; its hash
    /// is in the tree, so the value is given only when it has not changed since.
    package func stateEvidence(
        _ key: [UInt8],
        at height: Height?
    ) async throws(RPCError) -> StateEvidence? {
        let chain = database.snapshot()
        let (tip, earliest) = try read(chain) { chain throws(StorageError) in
            (try chain.tip(), try chain.earliestVersion())
        }
        let asked = height ?? tip.height
        guard asked > .genesis, asked <= tip.height else { return nil }
        guard asked.value >= earliest else {
            throw .pruned("the state of height \(asked.value) has been dropped")
        }
        let proof: StateProof
        do {
            proof = try StateTree.prove(key, at: asked.value, in: chain).proof
        } catch {
            throw .internalError("the state tree: \(error)")
        }
        let (certified, now) = try read(chain) { chain throws(StorageError) in
            (try chain.lightBlock(at: asked), try chain.stateValue(key))
        }
        guard let certified else {
            throw .pruned("block \(asked.value) is older than this node keeps")
        }
        let header = certified.header
        let value = [now, nil].first {
            proof.verify(root: header.stateRoot, key: key, value: $0)
        }
        guard let value else {
            throw .pruned("the value has changed since height \(asked.value), and was not kept")
        }
        return StateEvidence(
            value: value,
            proof: proof.borshBytes,
            header: header,
            certificate: certified.certificate
        )
    }

    package func validatorSet(at height: Height) async throws(RPCError) -> ValidatorSet? {
        try read(database.snapshot()) { chain throws(StorageError) in
            try chain.validators(at: height)
        }
    }

    package func events(
        from height: Height,
        index: UInt32,
        limit: Int
    ) async throws(RPCError) -> [EventRecord] {
        let earliest = try read(database.now) { chain throws(StorageError) in
            try chain.earliestBlock()
        }
        guard height >= earliest || earliest == Height.genesis.next else {
            throw .pruned("events before block \(earliest.value) are not on this node")
        }
        return try read(database.now) { chain throws(StorageError) in
            try chain.events(from: height, index: index, limit: limit)
                .map { EventRecord(height: $0.height, index: $0.index, event: $0.event) }
        }
    }
}

extension NodeGateway: ArtifactAPI {
    package func artifactLength(_ id: Digest) async -> UInt64? {
        (try? artifacts.manifest(id))?.length
    }

    package func artifactBytes(
        _ id: Digest,
        offset: UInt64,
        count: Int
    ) async throws(RPCError) -> [UInt8] {
        do {
            return try artifacts.bytes(id, offset: offset, count: count) ?? []
        } catch {
            throw .internalError("\(error)")
        }
    }

    package func storeArtifact(_ bytes: [UInt8]) async throws(RPCError) -> Digest {
        do { return try artifacts.store(bytes) } catch { throw .unavailable("\(error)") }
    }
}

extension NodeGateway {
    /// Damage and disk errors are the node's fault, never the caller's.
    private func read<Value>(
        _ chain: ChainReader,
        _ body: (ChainReader) throws(StorageError) -> Value
    ) throws(RPCError) -> Value {
        do { return try body(chain) } catch { throw .internalError("\(error)") }
    }
}
