// The chain on disk: genesis, then one atomic batch a block. Nothing is visible before all of it is
// durable, so a crash leaves the last block or the one before.

package import Ledger
import Primitives
package import Replica
import StateTree
import Synchronization
import Voting

/// An open chain database. Any thread may read; one thread commits and logs.
package final class Database: Sendable {
    let store: KeyValueStore
    private let path: String
    private let nextLogSequence: Mutex<UInt64>
    let retention: Retention
    /// Behind the last stale node that was dropped, so that the next look does not step over all
    /// that were dropped before.
    let staleCursor = Mutex<[UInt8]?>(nil)

    /// The chain as of now: each read may see a later block than the one before.
    package let now: ChainReader

    /// Opens the database in `path`, and writes the genesis state into a new one.
    package init(
        path: String,
        genesis: Genesis,
        retention: Retention = .archive,
        cacheBytes: Int = 64 << 20
    ) throws(StorageError) {
        let store = try KeyValueStore(path: path, cacheBytes: cacheBytes)
        self.store = store
        self.path = path
        self.retention = retention
        now = ChainReader(values: store, path: path)
        try Self.identify(store, path: path, genesis: genesis)
        let last = try store.scan(
            .consensus,
            prefix: [],
            after: nil,
            limit: 1,
            descending: true
        ).first
        let sequence = last.flatMap { ChainKey.number($0.key.dropFirst(8)) }.map { $0 + 1 }
        nextLogSequence = Mutex(sequence ?? 0)
    }

    /// The chain at this moment; later blocks do not change it.
    package func snapshot() -> ChainReader {
        ChainReader(values: store.snapshot(), path: path)
    }

    /// Appends to the log. With `sync`, it and all before it are durable on return.
    package func append(_ entry: WALEntry, sync: Bool) throws(StorageError) {
        let sequence = nextLogSequence.withLock { next in
            defer { next += 1 }
            return next
        }
        var batch = WriteBatch()
        batch.put(.consensus, ChainKey.log(entry.height, sequence), entry.borshBytes)
        try store.write(batch, sync: sync)
    }

    /// Writes a block and everything that it changed, durably, and forgets the log up to it.
    package func commit(_ committed: CommittedBlock) throws(StorageError) {
        let tip = try now.tip()
        guard committed.height == tip.height.next else {
            throw .wrongHeight(expected: tip.height.next.value, found: committed.height.value)
        }
        var batch = WriteBatch()
        Self.putBlock(committed.certified, into: &batch)
        batch.put(
            .blocks,
            ChainKey.receipts(committed.height),
            List(committed.receipts).borshBytes
        )
        Self.putState(committed, into: &batch)
        Self.putEvents(committed, into: &batch)
        if committed.tip.validators != tip.validators {
            batch.put(
                .blocks,
                ChainKey.validators(from: committed.height.next),
                committed.tip.validators.borshBytes
            )
        }
        batch.deleteRange(
            .consensus,
            from: [],
            to: ChainKey.bigEndian(committed.height.next.value)
        )
        batch.put(.meta, ChainKey.tip, committed.tip.borshBytes)
        try store.write(batch, sync: true)
        try prune(after: committed.height)
    }

    /// A copy of the whole database in a new directory, which opens like the original. Any thread.
    package func checkpoint(into directory: String) throws(StorageError) {
        try store.checkpoint(into: directory)
    }
}

extension Database {
    /// Writes a block over whatever is stored for its height, durably.
    func replace(_ certified: CertifiedBlock) throws(StorageError) {
        var batch = WriteBatch()
        Self.putBlock(certified, into: &batch)
        try store.write(batch, sync: true)
    }

    private static func putBlock(_ certified: CertifiedBlock, into batch: inout WriteBatch) {
        let height = certified.height
        batch.put(.blocks, ChainKey.block(height), certified.borshBytes)
        batch.put(
            .blocks,
            ChainKey.hash(certified.block.hash),
            ChainKey.bigEndian(height.value)
        )
        for (index, transaction) in certified.block.transactions.enumerated() {
            batch.put(
                .transactions,
                transaction.id.bytes,
                ChainKey.bigEndian(height.value) + ChainKey.bigEndian(UInt32(index))
            )
        }
    }

    private static func putState(_ committed: CommittedBlock, into batch: inout WriteBatch) {
        for change in committed.changes {
            if let value = change.value {
                batch.put(.state, change.key, value)
            } else {
                batch.delete(.state, change.key)
            }
        }
        for (key, node) in committed.newNodes {
            batch.put(.nodes, key.borshBytes, node.borshBytes)
        }
        for key in committed.staleNodes {
            batch.put(.stale, ChainKey.stale(since: committed.height.value, key), [])
        }
    }

    private static func putEvents(_ committed: CommittedBlock, into batch: inout WriteBatch) {
        for (position, event) in committed.events.enumerated() {
            let index = UInt32(position)
            batch.put(.events, ChainKey.event(committed.height, index), event.borshBytes)
            for attribute in event.attributes {
                guard case .digest(let subject) = attribute.value else { continue }
                batch.put(.events, ChainKey.event(of: subject, committed.height, index), [])
            }
        }
    }

    /// Checks that the database is this chain's, or makes it so when it is new.
    private static func identify(
        _ store: KeyValueStore,
        path: String,
        genesis: Genesis
    ) throws(StorageError) {
        let expected = ChainIdentity(genesis)
        guard let bytes = try store.value(.meta, ChainKey.identity) else {
            // Genesis is one batch, so whatever has a state has an identity.
            guard try store.scan(.state, limit: 1).isEmpty else {
                throw .corrupt(path: path, detail: "it has a state, but not whose")
            }
            return try writeGenesis(genesis, expected, to: store, path: path)
        }
        let format = (try? BorshFormat(prefixOf: bytes))?.value ?? 0
        guard format <= ChainIdentity.currentFormat else {
            throw .newerFormat(
                path: path,
                found: format,
                supported: ChainIdentity.currentFormat
            )
        }
        guard let found = try? ChainIdentity(borsh: bytes) else {
            throw .corrupt(path: path, detail: "its identity does not decode")
        }
        guard found == expected else {
            throw .otherChain(path: path, found: found.text, expected: expected.text)
        }
    }

    private static func writeGenesis(
        _ genesis: Genesis,
        _ identity: ChainIdentity,
        to store: KeyValueStore,
        path: String
    ) throws(StorageError) {
        let tip: ChainTip
        var batch = WriteBatch()
        do {
            let state = try genesis.initialState()
            let tree = try StateTree.apply(
                state.changes.map { (key: $0.key, value: $0.value) },
                at: nil,
                to: 0,
                in: MemoryNodeStore()
            )
            tip = ChainTip(genesis: genesis, stateRoot: tree.root, validators: state.validators)
            for change in state.changes {
                if let value = change.value { batch.put(.state, change.key, value) }
            }
            for (key, node) in tree.newNodes {
                batch.put(.nodes, key.borshBytes, node.borshBytes)
            }
        } catch {
            throw .corrupt(path: path, detail: "the genesis is not valid: \(error)")
        }
        batch.put(.meta, ChainKey.identity, identity.borshBytes)
        batch.put(.meta, ChainKey.tip, tip.borshBytes)
        batch.put(
            .blocks,
            ChainKey.validators(from: Height.genesis.next),
            tip.validators.borshBytes
        )
        try store.write(batch, sync: true)
    }
}

/// The format number alone, which every release can read.
private struct BorshFormat {
    let value: UInt32

    init(prefixOf bytes: [UInt8]) throws(BorshError) {
        var reader = BorshReader(bytes)
        value = try reader.readUInt32()
    }
}
