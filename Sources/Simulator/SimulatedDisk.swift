// A node's disk: what survives a crash, and what does not.

package import Ledger
package import Primitives
package import Replica
package import StateTree
import Voting

/// Commits are atomic and durable. Log entries are durable once a synced entry follows them or is
/// among them; a crash loses the rest. A class, because a replica and its simulated shell share
/// it, as a process and its database do.
package final class SimulatedDisk: ReplicaStore {
    package private(set) var tip: ChainTip
    private var values: [[UInt8]: [UInt8]] = [:]
    private var nodes: [NodeKey: TreeNode] = [:]
    private var blocks: [CertifiedBlock] = []
    private var log: [WALEntry] = []
    private var syncedCount = 0
    private var guardRecord = SignGuard()

    /// Writes the genesis state.
    init(genesis: SimulatedGenesis) {
        tip = genesis.tip
        for change in genesis.changes { values[change.key] = change.value }
        for (key, node) in genesis.tree.newNodes { nodes[key] = node }
    }

    package func value(_ key: [UInt8]) throws(StateReadError) -> [UInt8]? { values[key] }

    package func node(_ key: NodeKey) throws(StateTreeError) -> TreeNode? { nodes[key] }

    package func certifiedBlock(at height: Height) throws(StateReadError) -> CertifiedBlock? {
        guard height > .genesis, height.value <= UInt64(blocks.count) else { return nil }
        return blocks[Int(height.value) - 1]
    }

    /// Every value whose key has the prefix, in order of keys.
    package func values(prefix: [UInt8]) -> [[UInt8]] {
        values.filter { $0.key.starts(with: prefix) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    func append(_ entry: WALEntry, sync: Bool) {
        log.append(entry)
        if sync { syncedCount = log.count }
    }

    func commit(_ block: CommittedBlock) {
        for change in block.changes { values[change.key] = change.value }
        for (key, node) in block.newNodes { nodes[key] = node }
        for key in block.staleNodes { nodes[key] = nil }
        blocks.append(block.certified)
        tip = block.tip
        log.removeAll { $0.height <= block.height }
        syncedCount = log.count
    }

    /// How many entries a crash may lose.
    var unsyncedCount: Int { log.count - syncedCount }

    /// Loses all unsynced entries but the first few.
    ///
    /// - Precondition: `0 <= unsynced <= unsyncedCount`.
    func crash(keeping unsynced: Int) {
        log = Array(log.prefix(syncedCount + unsynced))
        syncedCount = log.count
    }

    /// What a starting process reads.
    var storedLog: [WALEntry] { log }

    /// Whether the request may be signed; if so, that is recorded first.
    func mayAndWillSign(_ request: SignRequest) -> Bool { guardRecord.admit(request) }
}
