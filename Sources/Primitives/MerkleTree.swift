// Merkle trees of the shape of RFC 6962: the left subtree holds the largest power of two of leaves
// that leaves something for the right. The hash is a parameter; proofs are checked elsewhere
// (`MerkleProof`, `MerkleConsistency`), without a tree.

/// How a tree hashes. Leaves and inner nodes must be told apart, or a node could pass for a leaf.
package protocol MerkleHashing {
    associatedtype Hash: Sendable, Equatable

    /// The root of the tree without leaves.
    static var emptyRoot: Hash { get }
    static func leaf(_ bytes: [UInt8]) -> Hash
    static func node(_ left: Hash, _ right: Hash) -> Hash
}

/// All hashes of a tree over a fixed list of leaves.
package struct MerkleTree<Hashing: MerkleHashing> {
    package typealias Hash = Hashing.Hash

    /// `levels[k][i]` is the root over leaves `i·2^k ..< min((i+1)·2^k, count)`. A last node without
    /// a sibling moves up unchanged, which gives exactly the RFC's shape.
    private let levels: [[Hash]]

    package init(leafHashes: [Hash]) {
        var levels = [leafHashes]
        var level = leafHashes
        while level.count > 1 {
            var next: [Hash] = []
            next.reserveCapacity((level.count + 1) / 2)
            for left in stride(from: 0, to: level.count, by: 2) {
                let right = left + 1
                next.append(
                    right < level.count ? Hashing.node(level[left], level[right]) : level[left]
                )
            }
            levels.append(next)
            level = next
        }
        self.levels = levels
    }

    package init(leaves: [[UInt8]]) { self.init(leafHashes: leaves.map { Hashing.leaf($0) }) }

    package var count: Int { levels[0].count }
    package var root: Hash { levels.last?.first ?? Hashing.emptyRoot }

    package static func root(leaves: [[UInt8]]) -> Hash { Self(leaves: leaves).root }

    /// The siblings from the leaf up to the root.
    /// - Precondition: `0 <= index < count`.
    package func proof(ofLeaf index: Int) -> MerkleProof<Hash> {
        precondition((0..<count).contains(index))
        var path: [Hash] = []
        for (depth, level) in levels.dropLast().enumerated() {
            let sibling = (index >> depth) ^ 1
            if sibling < level.count { path.append(level[sibling]) }
        }
        return MerkleProof(index: UInt64(index), count: UInt64(count), path: path)
    }

    /// Shows that the tree over the first `size` leaves is a prefix of this one (RFC 6962, 2.1.2).
    /// - Precondition: `1 <= size <= count`.
    package func consistency(fromSize size: Int) -> MerkleConsistency<Hash> {
        precondition((1...max(1, count)).contains(size) && size <= count)
        var path: [Hash] = []
        var range = 0..<count
        var isPrefixRoot = true
        while size < range.upperBound {
            let depth = Self.depth(range.count) - 1
            let middle = range.lowerBound + 1 << depth
            if size <= middle {
                path.append(node(middle..<range.upperBound))
                range = range.lowerBound..<middle
            } else {
                path.append(node(range.lowerBound..<middle))
                range = middle..<range.upperBound
                isPrefixRoot = false
            }
        }
        if !isPrefixRoot { path.append(node(range)) }
        return MerkleConsistency(
            oldCount: UInt64(size),
            newCount: UInt64(count),
            path: path.reversed()
        )
    }

    /// The root over a range that a split of the tree produced.
    private func node(_ range: Range<Int>) -> Hash {
        let depth = Self.depth(range.count)
        return levels[depth][range.lowerBound >> depth]
    }

    /// The smallest `depth` with `count <= 2^depth`.
    private static func depth(_ count: Int) -> Int {
        Int.bitWidth - (count - 1).leadingZeroBitCount
    }
}

extension MerkleTree: Sendable {}
