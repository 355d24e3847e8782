package import Primitives

/// One change, by hashes; a nil value hash deletes.
package struct LeafChange: Sendable, Equatable {
    package let keyHash: Digest
    package let valueHash: Digest?

    package init(keyHash: Digest, valueHash: Digest?) {
        self.keyHash = keyHash
        self.valueHash = valueHash
    }
}
