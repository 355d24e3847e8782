import Ledger
import Primitives
import Replica
import StateTree

/// A store in memory, and the log beside it.
final class TestStore: ReplicaStore {
    private(set) var tip: ChainTip
    private(set) var blocks: [CertifiedBlock] = []
    private var values: [[UInt8]: [UInt8]] = [:]
    private var nodes: [NodeKey: TreeNode] = [:]
    var log: [WALEntry] = []
    /// Heights whose blocks do not read back.
    var damaged: Set<Height> = []

    init(genesis: Genesis) throws {
        let state = try genesis.initialState()
        let tree = try StateTree.apply(
            state.changes.map { (key: $0.key, value: $0.value) },
            at: nil,
            to: 0,
            in: MemoryNodeStore()
        )
        tip = ChainTip(genesis: genesis, stateRoot: tree.root, validators: state.validators)
        for change in state.changes { values[change.key] = change.value }
        for (key, node) in tree.newNodes { nodes[key] = node }
    }

    func value(_ key: [UInt8]) throws(StateReadError) -> [UInt8]? { values[key] }

    func node(_ key: NodeKey) throws(StateTreeError) -> TreeNode? { nodes[key] }

    func certifiedBlock(at height: Height) throws(StateReadError) -> CertifiedBlock? {
        guard height > .genesis, height.value <= UInt64(blocks.count) else { return nil }
        guard !damaged.contains(height) else { throw StateReadError(key: []) }
        return blocks[Int(height.value) - 1]
    }

    func commit(_ block: CommittedBlock) {
        for change in block.changes { values[change.key] = change.value }
        for (key, node) in block.newNodes { nodes[key] = node }
        blocks.append(block.certified)
        tip = block.tip
        log.removeAll { $0.height <= block.height }
    }
}
