package import Primitives

/// One stored node. Values themselves are kept beside the tree; the tree knows their hashes.
package enum TreeNode: Sendable, Equatable {
    /// The root of a tree without keys; stored nowhere else.
    case empty
    case leaf(TreeLeaf)
    case inner(InnerNode)

    package var hash: Digest {
        switch self {
        case .empty: TreeHash.empty
        case .leaf(let leaf): leaf.hash
        case .inner(let node): node.hash
        }
    }
}

/// One key of the map.
package struct TreeLeaf: Sendable, Equatable {
    package let keyHash: Digest
    package let valueHash: Digest

    package init(keyHash: Digest, valueHash: Digest) {
        self.keyHash = keyHash
        self.valueHash = valueHash
    }

    package var hash: Digest { TreeHash.leaf(keyHash, valueHash) }
}

/// Up to sixteen subtrees. A node has two keys below it at least, so a lone child is never a leaf.
package struct InnerNode: Sendable, Equatable {
    package struct Child: Sendable, Equatable {
        package let nibble: Int
        /// The version of the child's node key.
        package let version: UInt64
        package let hash: Digest
        package let isLeaf: Bool

        package init(nibble: Int, version: UInt64, hash: Digest, isLeaf: Bool) {
            self.nibble = nibble
            self.version = version
            self.hash = hash
            self.isLeaf = isLeaf
        }
    }

    /// In ascending order of nibble, without repetition.
    package let children: [Child]

    package init(children: [Child]) { self.children = children }

    package var hash: Digest { hash(of: 0..<16, children[...]) }

    /// The child at a nibble.
    func child(_ nibble: Int) -> Child? { children.first { $0.nibble == nibble } }

    /// The children whose nibbles lie in a range.
    func children(in range: Range<Int>) -> ArraySlice<Child> {
        let start = children.firstIndex { $0.nibble >= range.lowerBound } ?? children.endIndex
        let end = children[start...].firstIndex { $0.nibble >= range.upperBound }
        return children[start..<(end ?? children.endIndex)]
    }

    /// The hash of the binary subtree over a range of 1, 2, 4, 8 or 16 nibbles.
    func hash(of range: Range<Int>) -> Digest { hash(of: range, children(in: range)) }

    private func hash(of range: Range<Int>, _ children: ArraySlice<Child>) -> Digest {
        guard let first = children.first else { return TreeHash.empty }
        if children.count == 1, first.isLeaf || range.count == 1 { return first.hash }
        let middle = range.lowerBound + range.count / 2
        let split = children.firstIndex { $0.nibble >= middle } ?? children.endIndex
        return TreeHash.node(
            hash(of: range.lowerBound..<middle, children[..<split]),
            hash(of: middle..<range.upperBound, children[split...])
        )
    }
}

extension TreeNode: BorshCodable {
    /// A tag byte; for a leaf both hashes; for an inner node a `u16` with a bit for each child, a
    /// `u16` with a bit for each child that is a leaf, and for each child its version and hash.
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .empty:
            writer.write(UInt8(0))
        case .leaf(let leaf):
            writer.write(UInt8(1))
            writer.write(leaf.keyHash)
            writer.write(leaf.valueHash)
        case .inner(let node):
            writer.write(UInt8(2))
            writer.write(node.children.reduce(UInt16(0)) { $0 | 1 << $1.nibble })
            writer.write(node.children.reduce(UInt16(0)) { $1.isLeaf ? $0 | 1 << $1.nibble : $0 })
            for child in node.children {
                writer.write(child.version)
                writer.write(child.hash)
            }
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let offset = reader.offset
        switch try reader.readUInt8() {
        case 0:
            self = .empty
        case 1:
            self = .leaf(
                TreeLeaf(
                    keyHash: try Digest(from: &reader),
                    valueHash: try Digest(from: &reader)
                )
            )
        case 2:
            self = .inner(try InnerNode(from: &reader))
        case let tag:
            throw .tagOutOfRange(offset: offset, tag: tag)
        }
    }
}

extension InnerNode {
    fileprivate init(from reader: inout BorshReader) throws(BorshError) {
        let present = try reader.readUInt16()
        let leaves = try reader.readUInt16()
        try reader.require(leaves & ~present == 0, "leaf bits")
        try reader.require(
            present.nonzeroBitCount > 1 || (present != 0 && leaves == 0),
            "child bits"
        )
        var children: [Child] = []
        children.reserveCapacity(present.nonzeroBitCount)
        for nibble in 0..<16 where present >> nibble & 1 == 1 {
            children.append(
                Child(
                    nibble: nibble,
                    version: try reader.readUInt64(),
                    hash: try Digest(from: &reader),
                    isLeaf: leaves >> nibble & 1 == 1
                )
            )
        }
        self.init(children: children)
    }
}
