import Cryptography
import Primitives
import StateTree

/// The definition of the root, taken literally: the binary trie over sorted key hashes, where a
/// subtree of one key is its leaf and a subtree of none is zero.
enum NaiveTree {
    static func root(_ leaves: [Digest: Digest]) -> Digest {
        let sorted = leaves.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return root(sorted, depth: 0)
    }

    private static func root(_ leaves: [(Digest, Digest)], depth: Int) -> Digest {
        if leaves.isEmpty { return .zero }
        if leaves.count == 1 {
            return taggedHash(
                HashTag("openledger/state-leaf/v1"),
                leaves[0].0.bytes + leaves[0].1.bytes
            )
        }
        let isRight = { (key: Digest) in key.bytes[depth / 8] >> (7 - depth % 8) & 1 == 1 }
        let left = root(leaves.filter { !isRight($0.0) }, depth: depth + 1)
        let right = root(leaves.filter { isRight($0.0) }, depth: depth + 1)
        return taggedHash(HashTag("openledger/state-node/v1"), left.bytes + right.bytes)
    }
}

/// Every node that a version reaches.
func reachable(_ key: NodeKey, in store: MemoryNodeStore) throws -> Set<NodeKey> {
    var keys: Set<NodeKey> = [key]
    if case .inner(let node) = try StateTree.node(key, in: store) {
        for child in node.children {
            let childKey = NodeKey(version: child.version, path: key.path.appending(child.nibble))
            keys.formUnion(try reachable(childKey, in: store))
        }
    }
    return keys
}
