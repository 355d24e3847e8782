/// Why the tree could not be read or changed.
package enum StateTreeError: Error, Equatable {
    /// The store does not have a node that another node or a version names.
    case missingNode(NodeKey)
    /// A node's content contradicts its place.
    case corruptNode(NodeKey)
    /// One batch changes a key twice.
    case repeatedKey([UInt8])
    /// A version may only follow the one it builds on.
    case versionNotAfter(base: UInt64, new: UInt64)
    /// The store itself failed, for the reason it gives.
    case store(String)
}

/// Where nodes are kept. Nodes never change; they are added by one version and dropped when no
/// version that is still of interest needs them.
package protocol NodeStore {
    func node(_ key: NodeKey) throws(StateTreeError) -> TreeNode?
}

/// Keeps nodes in memory.
package struct MemoryNodeStore: NodeStore, Sendable {
    private var nodes: [NodeKey: TreeNode] = [:]

    package init() {}

    package var count: Int { nodes.count }

    package func node(_ key: NodeKey) -> TreeNode? { nodes[key] }

    package mutating func insert(_ update: TreeUpdate) {
        for (key, node) in update.newNodes { nodes[key] = node }
    }

    /// Forgets the nodes that an update replaced; versions before it can then no longer be read.
    package mutating func drop(stale keys: [NodeKey]) {
        for key in keys { nodes[key] = nil }
    }
}
