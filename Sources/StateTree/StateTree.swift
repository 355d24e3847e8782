// The authenticated map of the chain: a Jellyfish Merkle tree (Gao, Hu, Wu: "Jellyfish Merkle Tree",
// 2021), sixteen-ary in storage and binary in hashing (`TreeHash`). Every version writes new nodes
// and names those that it replaced; nothing is changed in place.

package import Primitives

/// What a batch of changes does to the store.
package struct TreeUpdate: Sendable, Equatable {
    package let version: UInt64
    package let root: Digest
    /// Ordered by the walk of the tree, children before parents; the root is last.
    package let newNodes: [(key: NodeKey, node: TreeNode)]
    /// Nodes of earlier versions that this version no longer reaches.
    package let stale: [NodeKey]

    package static func == (left: TreeUpdate, right: TreeUpdate) -> Bool {
        left.version == right.version && left.root == right.root && left.stale == right.stale
            && left.newNodes.elementsEqual(right.newNodes, by: ==)
    }
}

package enum StateTree {
    /// Computes version `new` from version `base` (nil: the empty map) and changes, of which a nil
    /// value deletes. The keys may come in any order; deleting an absent key does nothing.
    ///
    /// Every version has a root node of its own, also one without changes: then the root is copied,
    /// so a version is found in one read and costs one node.
    package static func apply(
        _ changes: [(key: [UInt8], value: [UInt8]?)],
        at base: UInt64?,
        to new: UInt64,
        in store: some NodeStore
    ) throws(StateTreeError) -> TreeUpdate {
        var hashed = changes.map { change in
            LeafChange(
                keyHash: TreeHash.key(change.key),
                valueHash: change.value.map { TreeHash.value($0) }
            )
        }
        hashed.sort { $0.keyHash < $1.keyHash }
        for index in hashed.indices.dropFirst()
        where hashed[index].keyHash == hashed[index - 1].keyHash {
            let repeated = changes.first { TreeHash.key($0.key) == hashed[index].keyHash }
            throw .repeatedKey(repeated?.key ?? [])
        }
        return try apply(sorted: hashed, at: base, to: new, in: store)
    }

    /// - Precondition: the changes ascend by key hash, without repetition.
    package static func apply(
        sorted changes: [LeafChange],
        at base: UInt64?,
        to new: UInt64,
        in store: some NodeStore
    ) throws(StateTreeError) -> TreeUpdate {
        if let base, base >= new { throw .versionNotAfter(base: base, new: new) }
        var writer = TreeWriter(version: new, store: store)
        return try writer.run(changes, at: base)
    }

    /// The root hash of a version that was applied.
    package static func root(
        at version: UInt64,
        in store: some NodeStore
    ) throws(StateTreeError) -> Digest {
        try node(.root(version), in: store).hash
    }

    /// The hash of a key's value, or nil when the key is absent, with a proof of either.
    package static func prove(
        _ key: [UInt8],
        at version: UInt64,
        in store: some NodeStore
    ) throws(StateTreeError) -> (valueHash: Digest?, proof: StateProof) {
        try prove(keyHash: TreeHash.key(key), at: version, in: store)
    }

    package static func prove(
        keyHash: Digest,
        at version: UInt64,
        in store: some NodeStore
    ) throws(StateTreeError) -> (valueHash: Digest?, proof: StateProof) {
        var siblings: [Digest] = []
        var key = NodeKey.root(version)
        var found: TreeLeaf?
        descent: while true {
            switch try node(key, in: store) {
            case .empty:
                break descent
            case .leaf(let leaf):
                guard key.path.isPrefix(of: leaf.keyHash) else { throw .corruptNode(key) }
                found = leaf
                break descent
            case .inner(let node):
                guard key.path.count < NibblePath.limit else { throw .corruptNode(key) }
                let nibble = keyHash.nibble(key.path.count)
                guard let child = step(node, towards: nibble, &siblings) else { break descent }
                key = NodeKey(version: child.version, path: key.path.appending(child.nibble))
            }
        }
        let proof = StateProof(leaf: found, siblings: siblings.reversed())
        return (found?.keyHash == keyHash ? found?.valueHash : nil, proof)
    }

    /// Collects the hashes beside the way through one node, highest first, and returns the subtree
    /// where the way goes on; nil when it ends in an empty one.
    private static func step(
        _ node: InnerNode,
        towards nibble: Int,
        _ siblings: inout [Digest]
    ) -> InnerNode.Child? {
        var range = 0..<16
        while true {
            let inside = node.children(in: range)
            guard let first = inside.first else { return nil }
            if inside.count == 1, first.isLeaf || range.count == 1 { return first }
            let middle = range.lowerBound + range.count / 2
            let (lower, upper) = (range.lowerBound..<middle, middle..<range.upperBound)
            siblings.append(node.hash(of: nibble < middle ? upper : lower))
            range = nibble < middle ? lower : upper
        }
    }

    package static func node(
        _ key: NodeKey,
        in store: some NodeStore
    ) throws(StateTreeError) -> TreeNode {
        guard let node = try store.node(key) else { throw .missingNode(key) }
        return node
    }
}
