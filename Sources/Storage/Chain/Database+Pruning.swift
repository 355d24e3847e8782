// Forgetting the past: a little with each block, so that it never stalls consensus, or all at once
// when an administrator asks. What RocksDB frees by itself is told by its options.

import Ledger
package import Primitives
import Replica
import Synchronization

extension Database {
    /// Deletions with one block at most.
    private static let deletionsPerBlock = 4_096

    /// What pruning has left, and whether there was more to do.
    package struct Pruned: Sendable, Equatable {
        package let earliestState: UInt64
        package let earliestBlock: Height
    }

    /// Drops what the retention does not keep after the block at `height`. Not synchronised: after
    /// a crash it is simply done again.
    func prune(after height: Height) throws(StorageError) {
        if let oldest = retention.oldestState(at: height) { _ = try pruneStates(before: oldest) }
        if let oldest = retention.oldestBlock(at: height) { _ = try pruneBlocks(before: oldest) }
    }

    /// Drops all that `retention` does not keep, and gives the room back to the disk. Other threads
    /// read and commit meanwhile.
    package func prune(to retention: Retention) throws(StorageError) -> Pruned {
        let height = try now.tip().height
        if let oldest = retention.oldestState(at: height) {
            while try pruneStates(before: oldest) {}
        }
        if let oldest = retention.oldestBlock(at: height) {
            while try pruneBlocks(before: oldest) {}
        }
        compact()
        return Pruned(
            earliestState: try now.earliestVersion(),
            earliestBlock: try now.earliestBlock()
        )
    }

    /// Rewrites every key space without what was deleted.
    package func compact() {
        for family in ColumnFamily.allCases { store.compact(family) }
    }

    /// Drops tree nodes that only versions before `oldest` need.
    /// - Returns: whether there may be more.
    private func pruneStates(before oldest: UInt64) throws(StorageError) -> Bool {
        let cursor = staleCursor.withLock { $0 }
        let stale = try store.scan(.stale, after: cursor, limit: Self.deletionsPerBlock)
        var last: [UInt8]?
        var batch = WriteBatch()
        for pair in stale {
            guard let since = ChainKey.number(pair.key), since <= oldest else { break }
            batch.delete(.nodes, Array(pair.key.dropFirst(8)))
            batch.delete(.stale, pair.key)
            last = pair.key
        }
        guard !batch.isEmpty else { return false }
        if try now.earliestVersion() < oldest {
            batch.put(.meta, ChainKey.earliestVersion, ChainKey.bigEndian(oldest))
        }
        try store.write(batch, sync: false)
        staleCursor.withLock { $0 = last }
        return batch.operations.count >= 2 * Self.deletionsPerBlock
    }

    /// Drops blocks before `first`, with receipts, events and what points to them.
    /// - Returns: whether there are more.
    private func pruneBlocks(before first: Height) throws(StorageError) -> Bool {
        var height = try now.earliestBlock()
        guard height < first else { return false }
        var batch = WriteBatch()
        while height < first, batch.operations.count < Self.deletionsPerBlock {
            try forget(height, in: &batch)
            height = height.next
        }
        batch.put(.meta, ChainKey.earliestBlock, ChainKey.bigEndian(height.value))
        try store.write(batch, sync: false)
        return height < first
    }

    private func forget(_ height: Height, in batch: inout WriteBatch) throws(StorageError) {
        if let block = try now.block(at: height)?.block {
            batch.delete(.blocks, ChainKey.hash(block.hash))
            for transaction in block.transactions {
                batch.delete(.transactions, transaction.id.bytes)
            }
        }
        batch.delete(.blocks, ChainKey.block(height))
        batch.delete(.blocks, ChainKey.receipts(height))
        for (index, event) in try now.events(at: height).enumerated() {
            let index = UInt32(index)
            batch.delete(.events, ChainKey.event(height, index))
            for attribute in event.attributes {
                guard case .digest(let subject) = attribute.value else { continue }
                batch.delete(.events, ChainKey.event(of: subject, height, index))
            }
        }
    }
}
