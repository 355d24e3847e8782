package import Primitives

/// How every Merkle tree of the chain hashes: one tag for leaves, one for inner nodes
/// (`left ‖ right`), one for the empty tree.
package enum ContentMerkle: MerkleHashing {
    private static let leafTag = HashTag("openledger/merkle-leaf/v1")
    private static let nodeTag = HashTag("openledger/merkle-node/v1")

    package static let emptyRoot = taggedHash(HashTag("openledger/merkle-empty/v1"), [])

    package static func leaf(_ bytes: [UInt8]) -> Digest { taggedHash(leafTag, bytes) }

    package static func node(_ left: Digest, _ right: Digest) -> Digest {
        taggedHash(nodeTag, left, right)
    }

    /// The root over leaves given as bytes.
    package static func root(of leaves: [[UInt8]]) -> Digest {
        MerkleTree<Self>.root(leaves: leaves)
    }

    /// The root over leaves that are digests; each is hashed again as a leaf of 32 bytes.
    package static func root(of leaves: [Digest]) -> Digest {
        MerkleTree<Self>(leafHashes: leaves.map { leaf($0) }).root
    }

    package static func leaf(_ digest: Digest) -> Digest {
        taggedHash(leafTag, digest)
    }
}
