import Primitives

/// Walks the tree once for a sorted batch of changes, and collects new and stale nodes.
///
/// A leaf's place depends on its neighbours: it moves down when another key comes to share its path,
/// and up when that key goes. So a leaf is written by whoever knows its final place, its parent.
struct TreeWriter<Store: NodeStore> {
    /// What a subtree has become.
    enum Subtree {
        case empty
        /// As it was, at its old place.
        case unchanged
        /// A leaf that is not yet written.
        case leaf(TreeLeaf)
        /// An inner node that has been written.
        case inner(InnerNode, hash: Digest)
    }

    private let version: UInt64
    private let store: Store
    private(set) var newNodes: [(key: NodeKey, node: TreeNode)] = []
    private var stale: [NodeKey] = []

    init(version: UInt64, store: Store) {
        self.version = version
        self.store = store
    }

    mutating func run(
        _ changes: [LeafChange],
        at base: UInt64?
    ) throws(StateTreeError) -> TreeUpdate {
        let subtree: Subtree
        if let base {
            subtree = try update(.root(base), changes[...])
        } else {
            subtree = build(.root, Self.puts(changes[...])[...])
        }
        var root = TreeNode.empty
        switch subtree {
        case .empty: write(root, .root)
        case .leaf(let leaf):
            root = .leaf(leaf)
            write(root, .root)
        case .inner(let node, _): root = .inner(node)
        case .unchanged:
            guard let base else { break }
            root = try StateTree.node(.root(base), in: store)
            stale.append(.root(base))
            write(root, .root)
        }
        return TreeUpdate(version: version, root: root.hash, newNodes: newNodes, stale: stale)
    }

    private mutating func update(
        _ key: NodeKey,
        _ changes: ArraySlice<LeafChange>
    ) throws(StateTreeError) -> Subtree {
        switch try StateTree.node(key, in: store) {
        case .empty:
            let leaves = Self.puts(changes)
            if leaves.isEmpty { return .unchanged }
            stale.append(key)
            return build(key.path, leaves[...])
        case .leaf(let leaf):
            guard key.path.isPrefix(of: leaf.keyHash) else { throw .corruptNode(key) }
            return update(key, leaf, changes)
        case .inner(let node):
            guard key.path.count < NibblePath.limit else { throw .corruptNode(key) }
            return try update(key, node, changes)
        }
    }

    private mutating func update(
        _ key: NodeKey,
        _ leaf: TreeLeaf,
        _ changes: ArraySlice<LeafChange>
    ) -> Subtree {
        var leaves = Self.puts(changes)
        if !changes.contains(where: { $0.keyHash == leaf.keyHash }) {
            let place = leaves.firstIndex { leaf.keyHash < $0.keyHash } ?? leaves.endIndex
            leaves.insert(leaf, at: place)
        }
        if leaves.count == 1, leaves.first == leaf { return .unchanged }
        stale.append(key)
        return build(key.path, leaves[...])
    }

    private mutating func update(
        _ key: NodeKey,
        _ node: InnerNode,
        _ changes: ArraySlice<LeafChange>
    ) throws(StateTreeError) -> Subtree {
        var parts: [Part] = []
        parts.reserveCapacity(16)
        var isChanged = false
        var rest = changes
        for nibble in 0..<16 {
            let own = rest.prefix { $0.keyHash.nibble(key.path.count) == nibble }
            rest = rest[own.endIndex...]
            let old = node.child(nibble)
            if own.isEmpty {
                if old != nil { parts.append(Part(nibble, .unchanged, old)) }
                continue
            }
            let path = key.path.appending(nibble)
            let subtree: Subtree
            if let old {
                subtree = try update(NodeKey(version: old.version, path: path), own)
            } else {
                subtree = build(path, Self.puts(own)[...])
            }
            switch subtree {
            case .unchanged: break
            case .empty: isChanged = isChanged || old != nil
            case .leaf, .inner: isChanged = true
            }
            if case .empty = subtree { continue }
            parts.append(Part(nibble, subtree, old))
        }
        guard isChanged else { return .unchanged }
        stale.append(key)
        return try join(key.path, parts)
    }

    /// A subtree of new leaves only, which ascend and differ.
    mutating func build(
        _ path: NibblePath,
        _ leaves: ArraySlice<TreeLeaf>
    ) -> Subtree {
        guard let first = leaves.first else { return .empty }
        if leaves.count == 1 { return .leaf(first) }
        var children: [InnerNode.Child] = []
        var rest = leaves
        while let leaf = rest.first {
            let nibble = leaf.keyHash.nibble(path.count)
            let own = rest.prefix { $0.keyHash.nibble(path.count) == nibble }
            rest = rest[own.endIndex...]
            let subtree = build(path.appending(nibble), own)
            if let child = attach(path, Part(nibble, subtree, nil)) { children.append(child) }
        }
        return finish(path, children)
    }

    /// Makes a node of its parts, or lifts a leaf that is left alone.
    private mutating func join(
        _ path: NibblePath,
        _ parts: [Part]
    ) throws(StateTreeError) -> Subtree {
        guard let first = parts.first else { return .empty }
        if parts.count == 1, let leaf = try lift(path, first) { return .leaf(leaf) }
        var children: [InnerNode.Child] = []
        children.reserveCapacity(parts.count)
        for part in parts {
            if let child = attach(path, part) { children.append(child) }
        }
        return finish(path, children)
    }

    /// The leaf of a part that is one; its old node, if it has one, becomes stale.
    private mutating func lift(
        _ path: NibblePath,
        _ part: Part
    ) throws(StateTreeError) -> TreeLeaf? {
        if case .leaf(let leaf) = part.subtree { return leaf }
        guard case .unchanged = part.subtree, let old = part.old, old.isLeaf else { return nil }
        let key = NodeKey(version: old.version, path: path.appending(part.nibble))
        guard case .leaf(let leaf) = try StateTree.node(key, in: store),
            key.path.isPrefix(of: leaf.keyHash)
        else { throw .corruptNode(key) }
        stale.append(key)
        return leaf
    }

    /// Writes a part's leaf, now that its place is known, and refers to the part.
    private mutating func attach(_ path: NibblePath, _ part: Part) -> InnerNode.Child? {
        switch part.subtree {
        case .unchanged: return part.old
        case .empty, .leaf, .inner: return attach(path, part.nibble, part.subtree)
        }
    }

    /// The same for a subtree that has changed.
    mutating func attach(
        _ path: NibblePath,
        _ nibble: Int,
        _ subtree: Subtree
    ) -> InnerNode.Child? {
        switch subtree {
        case .empty, .unchanged: return nil
        case .leaf(let leaf):
            write(.leaf(leaf), path.appending(nibble))
            return InnerNode.Child(
                nibble: nibble,
                version: version,
                hash: leaf.hash,
                isLeaf: true
            )
        case .inner(_, let hash):
            return InnerNode.Child(
                nibble: nibble,
                version: version,
                hash: hash,
                isLeaf: false
            )
        }
    }

    mutating func finish(_ path: NibblePath, _ children: [InnerNode.Child]) -> Subtree {
        let node = InnerNode(children: children)
        write(.inner(node), path)
        return .inner(node, hash: node.hash)
    }

    mutating func write(_ node: TreeNode, _ path: NibblePath) {
        newNodes.append((NodeKey(version: version, path: path), node))
    }

    private static func puts(_ changes: ArraySlice<LeafChange>) -> [TreeLeaf] {
        changes.compactMap { change in
            change.valueHash.map { TreeLeaf(keyHash: change.keyHash, valueHash: $0) }
        }
    }

    /// What became of the subtree at a nibble, and what the parent knew of it before.
    private struct Part {
        let nibble: Int
        let subtree: Subtree
        let old: InnerNode.Child?

        init(_ nibble: Int, _ subtree: Subtree, _ old: InnerNode.Child?) {
            self.nibble = nibble
            self.subtree = subtree
            self.old = old
        }
    }
}
