// Proofs about Merkle trees, verified from a root alone (RFC 9162, sections 2.1.3.2 and 2.1.4.2).

/// The longest path that a proof may have: a tree of `UInt64.max` leaves.
private let pathLimit = 64

/// The path from one leaf to the root.
package struct MerkleProof<Hash: Sendable & Equatable>: Sendable, Equatable {
    package let index: UInt64
    /// How many leaves the tree has.
    package let count: UInt64
    /// Siblings, nearest the leaf first.
    package let path: [Hash]

    package init(index: UInt64, count: UInt64, path: [Hash]) {
        self.index = index
        self.count = count
        self.path = path
    }

    /// Whether a tree of `count` leaves with this root has this leaf hash at `index`.
    package func verify<Hashing: MerkleHashing>(
        leafHash: Hash,
        root: Hash,
        _ hashing: Hashing.Type
    ) -> Bool where Hashing.Hash == Hash {
        guard index < count else { return false }
        var climb = Climb(index: index, last: count - 1)
        var hash = leafHash
        for sibling in path {
            guard climb.last > 0 else { return false }
            hash =
                climb.step() == .left ? Hashing.node(sibling, hash) : Hashing.node(hash, sibling)
        }
        return climb.last == 0 && hash == root
    }

    package func verify<Hashing: MerkleHashing>(
        leaf: [UInt8],
        root: Hash,
        _ hashing: Hashing.Type
    ) -> Bool where Hashing.Hash == Hash {
        verify(leafHash: Hashing.leaf(leaf), root: root, hashing)
    }
}

/// Shows that a tree of `oldCount` leaves is a prefix of one of `newCount`.
package struct MerkleConsistency<Hash: Sendable & Equatable>: Sendable, Equatable {
    package let oldCount: UInt64
    package let newCount: UInt64
    package let path: [Hash]

    package init(oldCount: UInt64, newCount: UInt64, path: [Hash]) {
        self.oldCount = oldCount
        self.newCount = newCount
        self.path = path
    }

    /// The empty tree is a prefix of every tree, so a claim about it says nothing and is refused.
    package func verify<Hashing: MerkleHashing>(
        oldRoot: Hash,
        newRoot: Hash,
        _ hashing: Hashing.Type
    ) -> Bool where Hashing.Hash == Hash {
        guard oldCount > 0, oldCount <= newCount else { return false }
        if oldCount == newCount { return path.isEmpty && oldRoot == newRoot }
        // The path omits the old root where the old tree is one complete subtree of the new.
        let isComplete = oldCount & (oldCount - 1) == 0
        guard let start = isComplete ? oldRoot : path.first else { return false }
        var climb = Climb(index: oldCount - 1, last: newCount - 1)
        while climb.index & 1 == 1 { climb.rise() }
        var old = start
        var new = start
        for sibling in path.dropFirst(isComplete ? 0 : 1) {
            guard climb.last > 0 else { return false }
            switch climb.step() {
            case .left:
                old = Hashing.node(sibling, old)
                new = Hashing.node(sibling, new)
            case .right:
                new = Hashing.node(new, sibling)
            }
        }
        return climb.last == 0 && old == oldRoot && new == newRoot
    }
}

/// A node's place on its way to the root: its own index in its level, and that of the last node.
private struct Climb {
    enum Side { case left, right }

    private(set) var index: UInt64
    private(set) var last: UInt64

    init(index: UInt64, last: UInt64) {
        self.index = index
        self.last = last
    }

    mutating func rise() {
        index >>= 1
        last >>= 1
    }

    /// The side of the next sibling. Levels where the last node has no sibling are passed over.
    mutating func step() -> Side {
        let isLeft = index & 1 == 1 || index == last
        if isLeft { while index & 1 == 0 && index != 0 { rise() } }
        rise()
        return isLeft ? .left : .right
    }
}

extension MerkleProof: BorshEncodable where Hash: BorshEncodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(index)
        writer.write(count)
        writer.writeArray(path)
    }
}

extension MerkleProof: BorshDecodable where Hash: BorshDecodable {
    package init(from reader: inout BorshReader) throws(BorshError) {
        index = try reader.readUInt64()
        count = try reader.readUInt64()
        path = try reader.readArray(limit: pathLimit)
    }
}

extension MerkleConsistency: BorshEncodable where Hash: BorshEncodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(oldCount)
        writer.write(newCount)
        writer.writeArray(path)
    }
}

extension MerkleConsistency: BorshDecodable where Hash: BorshDecodable {
    package init(from reader: inout BorshReader) throws(BorshError) {
        oldCount = try reader.readUInt64()
        newCount = try reader.readUInt64()
        path = try reader.readArray(limit: pathLimit)
    }
}
