package import Primitives

/// Shows what one version says about one key: its value, or that it is absent.
///
/// The way from the root follows the bits of the key hash, and ends at a leaf or in an empty subtree.
/// It ends at the key's own leaf exactly when the key is present; a leaf of another key, or nothing,
/// at the place where the key would be shows that it is absent.
package struct StateProof: Sendable, Equatable {
    package static let siblingLimit = 256

    /// The leaf where the way ends; nil for an empty subtree.
    package let leaf: TreeLeaf?
    /// The hashes beside the way, the lowest first.
    package let siblings: [Digest]

    package init(leaf: TreeLeaf?, siblings: [Digest]) {
        self.leaf = leaf
        self.siblings = siblings
    }

    /// Whether a tree with this root maps the key to the value, or to nothing for nil.
    package func verify(root: Digest, key: [UInt8], value: [UInt8]?) -> Bool {
        verify(
            root: root,
            keyHash: TreeHash.key(key),
            valueHash: value.map { TreeHash.value($0) }
        )
    }

    package func verify(root: Digest, keyHash: Digest, valueHash: Digest?) -> Bool {
        guard siblings.count <= Self.siblingLimit else { return false }
        if let valueHash {
            guard leaf == TreeLeaf(keyHash: keyHash, valueHash: valueHash) else { return false }
        } else if let leaf {
            guard leaf.keyHash != keyHash, shareBits(leaf.keyHash, keyHash) else { return false }
        }
        var hash = leaf?.hash ?? TreeHash.empty
        for (height, sibling) in siblings.enumerated() {
            let isRight = keyHash.bit(siblings.count - 1 - height)
            hash = isRight ? TreeHash.node(sibling, hash) : TreeHash.node(hash, sibling)
        }
        return hash == root
    }

    /// Whether both keys lead to the place where this way ends.
    private func shareBits(_ left: Digest, _ right: Digest) -> Bool {
        (0..<siblings.count).allSatisfy { left.bit($0) == right.bit($0) }
    }
}

extension StateProof: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(leaf != nil)
        if let leaf {
            writer.write(leaf.keyHash)
            writer.write(leaf.valueHash)
        }
        writer.writeArray(siblings)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        leaf =
            try reader.readBool()
            ? TreeLeaf(keyHash: try Digest(from: &reader), valueHash: try Digest(from: &reader))
            : nil
        siblings = try reader.readArray(limit: Self.siblingLimit)
    }
}
