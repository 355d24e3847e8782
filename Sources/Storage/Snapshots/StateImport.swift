// A database that begins in the middle of the chain: the state of a header that the caller has
// verified, and nothing before it.

package import Ledger
package import LightClient
import Primitives
package import Replica
package import StateTree
import Voting

/// Writes a state into a new database, which becomes one at `finish`.
package final class StateImport: Sendable {
    private let store: KeyValueStore
    private let path: String

    /// Removes whatever is at `path`.
    package init(path: String) throws(StorageError) {
        try Files.removeTree(path)
        store = try KeyValueStore(path: path, cacheBytes: 8 << 20)
        self.path = path
    }

    /// Not durable before `finish`.
    package func write(
        _ entries: [TreePart.Entry],
        _ nodes: [(key: NodeKey, node: TreeNode)]
    ) throws(StorageError) {
        var batch = WriteBatch()
        for entry in entries { batch.put(.state, entry.key, entry.value) }
        for (key, node) in nodes { batch.put(.nodes, key.borshBytes, node.borshBytes) }
        try store.write(batch, sync: false)
    }

    /// Makes it a database whose last block is `block`, durably.
    ///
    /// - Precondition: the entries are the whole state below the block's state root.
    @discardableResult
    package func finish(_ block: LightBlock, genesis: Genesis) throws(StorageError) -> ChainTip {
        let reader = ChainReader(values: store, path: path)
        let record: ChainRecord
        do { record = try ChainRecord.read(from: reader) } catch {
            throw .corrupt(path: path, detail: "the state has no chain record: \(error)")
        }
        guard record.chain == genesis.chain, record.genesis == genesis.hash else {
            throw .otherChain(
                path: path,
                found: "\(record.chain) (genesis \(record.genesis))",
                expected: ChainIdentity(genesis).text
            )
        }
        let header = block.header
        let next = try validators(reader, record, at: header.height.next)
        guard next.hash == header.nextValidatorsHash else {
            throw .corrupt(path: path, detail: "the state has other validators than its header")
        }
        let tip = ChainTip(
            height: header.height,
            hash: header.hash,
            time: header.time,
            beacon: header.beacon,
            stateRoot: header.stateRoot,
            validators: next,
            lastValidators: block.validators,
            certificate: block.certificate
        )
        var batch = WriteBatch()
        batch.put(.meta, ChainKey.identity, ChainIdentity(genesis).borshBytes)
        batch.put(.meta, ChainKey.tip, tip.borshBytes)
        batch.put(.meta, ChainKey.base, block.borshBytes)
        batch.put(
            .meta,
            ChainKey.earliestVersion,
            ChainKey.bigEndian(header.height.value)
        )
        batch.put(
            .meta,
            ChainKey.earliestBlock,
            ChainKey.bigEndian(header.height.next.value)
        )
        batch.put(
            .blocks,
            ChainKey.validators(from: header.height),
            block.validators.borshBytes
        )
        batch.put(.blocks, ChainKey.validators(from: header.height.next), next.borshBytes)
        try store.write(batch, sync: true)
        return tip
    }

    private func validators(
        _ reader: ChainReader,
        _ record: ChainRecord,
        at height: Height
    ) throws(StorageError) -> ValidatorSet {
        let epoch = record.parameters.staking.epoch(of: height)
        guard let bytes = try reader.stateValue(StateKey.validatorSet(epoch: epoch)) else {
            throw .corrupt(path: path, detail: "the state has no validators of epoch \(epoch)")
        }
        return try reader.decode(bytes, "validator set")
    }

    /// Puts a finished import in the place of a database that has no blocks. Both must be closed.
    package static func replace(_ database: String, with path: String) throws(StorageError) {
        try Files.removeTree(database)
        try Files.rename(path, to: database)
    }
}
