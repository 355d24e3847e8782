// Rebuilding a tree whose root is known from parts that strangers hand in. Every part is checked
// against the hash of its place before anything of it is used, so a liar wastes one message.

package import Primitives

/// Goes down from the root: each part that is handed in either completes its subtree or names the
/// hashes of the subtrees below it, which are wanted next.
package struct TreeAssembly: Sendable {
    /// Why a part is not the tree's.
    package enum Refusal: Error, Sendable, Equatable {
        /// Nothing is missing there.
        case notWanted(NibblePath)
        /// Keys that do not ascend by hash, or lie outside the place.
        case misplacedKey(NibblePath)
        case wrongHash(NibblePath)
    }

    private struct Frame: Sendable {
        var children: [InnerNode.Child] = []
        var missing: Int
    }

    package let version: UInt64
    /// Subtrees whose hashes are known and whose content is missing; the last are to be asked for
    /// first, so that few are open at a time.
    package private(set) var wanted: [NibblePath]
    private var hashes: [NibblePath: Digest]
    private var frames: [NibblePath: Frame] = [:]
    package private(set) var entryCount = 0

    /// - Parameter version: what all nodes are written as.
    package init(root: Digest, version: UInt64) {
        self.version = version
        wanted = root == TreeHash.empty ? [] : [.root]
        hashes = [.root: root]
    }

    package var isComplete: Bool { wanted.isEmpty }

    package func isWanted(_ path: NibblePath) -> Bool { hashes[path] != nil }

    /// Takes a part and gives the nodes that it completes. A refusal changes nothing.
    package mutating func take(
        _ part: TreePart,
        at path: NibblePath
    ) throws(Refusal) -> [(key: NodeKey, node: TreeNode)] {
        guard let expected = hashes[path], let place = wanted.lastIndex(of: path) else {
            throw .notWanted(path)
        }
        switch part {
        case .entries(let entries):
            let nodes = try take(entries, at: path, expected)
            wanted.remove(at: place)
            hashes[path] = nil
            entryCount += entries.count
            return nodes
        case .branches(let branches):
            try check(branches, at: path, expected)
            wanted.remove(at: place)
            hashes[path] = nil
            frames[path] = Frame(missing: branches.count)
            for branch in branches.reversed() {
                let below = path.appending(branch.nibble)
                wanted.append(below)
                hashes[below] = branch.hash
            }
            return []
        }
    }

    private mutating func take(
        _ entries: [TreePart.Entry],
        at path: NibblePath,
        _ expected: Digest
    ) throws(Refusal) -> [(key: NodeKey, node: TreeNode)] {
        var leaves: [TreeLeaf] = []
        leaves.reserveCapacity(entries.count)
        for entry in entries {
            let leaf = TreeLeaf(
                keyHash: TreeHash.key(entry.key),
                valueHash: TreeHash.value(entry.value)
            )
            let ascends = leaves.last.map { $0.keyHash < leaf.keyHash } ?? true
            guard ascends, path.isPrefix(of: leaf.keyHash) else { throw .misplacedKey(path) }
            leaves.append(leaf)
        }
        var writer = TreeWriter(version: version, store: MemoryNodeStore())
        let subtree = writer.build(path, leaves[...])
        switch subtree {
        case .leaf(let leaf) where leaf.hash == expected: break
        case .inner(_, let hash) where hash == expected: break
        default: throw .wrongHash(path)
        }
        finish(path, subtree, &writer)
        return writer.newNodes
    }

    private func check(
        _ branches: [TreePart.Branch],
        at path: NibblePath,
        _ expected: Digest
    ) throws(Refusal) {
        guard path.count < NibblePath.limit else { throw .wrongHash(path) }
        var children: [InnerNode.Child] = []
        for branch in branches {
            var isLeaf = false
            if case .leaf(let leaf) = branch.content {
                guard path.appending(branch.nibble).isPrefix(of: leaf.keyHash) else {
                    throw .misplacedKey(path)
                }
                isLeaf = true
            }
            children.append(
                InnerNode.Child(
                    nibble: branch.nibble,
                    version: version,
                    hash: branch.hash,
                    isLeaf: isLeaf
                )
            )
        }
        // A lone leaf has no inner node above it, so its hash must not pass for one.
        let isInner = children.count > 1 || children.first?.isLeaf == false
        guard isInner, InnerNode(children: children).hash == expected else {
            throw .wrongHash(path)
        }
    }

    /// Puts a finished subtree in its place, and finishes every node that it was the last part of.
    private mutating func finish(
        _ path: NibblePath,
        _ subtree: TreeWriter<MemoryNodeStore>.Subtree,
        _ writer: inout TreeWriter<MemoryNodeStore>
    ) {
        var (path, subtree) = (path, subtree)
        while let (above, nibble) = path.parent {
            guard let child = writer.attach(above, nibble, subtree) else { return }
            guard var frame = frames[above] else { return }
            let place = frame.children.firstIndex { $0.nibble > nibble }
            frame.children.insert(child, at: place ?? frame.children.endIndex)
            frame.missing -= 1
            guard frame.missing == 0 else {
                frames[above] = frame
                return
            }
            frames[above] = nil
            (path, subtree) = (above, writer.finish(above, frame.children))
        }
        // The root's inner node is written by `finish`; a tree of one key is its leaf.
        if case .leaf(let leaf) = subtree { writer.write(.leaf(leaf), .root) }
    }
}
