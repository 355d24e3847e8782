// How the state tree hashes. Storage is 16-ary, hashing is binary:
//
//   key hash    H("openledger/state-key/v1" ‖ key)
//   value hash  H("openledger/state-value/v1" ‖ value)
//   leaf        H("openledger/state-leaf/v1" ‖ key hash ‖ value hash)
//   inner node  H("openledger/state-node/v1" ‖ left ‖ right)
//
// The tree is the binary trie of the key hashes, with two shortcuts: a subtree without keys hashes to
// 32 zero bytes, and a subtree with one key hashes to that key's leaf, at whatever depth. So the root
// depends on the content alone, never on the order of the changes that led to it.

import Cryptography
package import Primitives

package enum TreeHash {
    package static let empty = Digest.zero

    private static let keyTag = HashTag("openledger/state-key/v1")
    private static let valueTag = HashTag("openledger/state-value/v1")
    private static let leafTag = HashTag("openledger/state-leaf/v1")
    private static let nodeTag = HashTag("openledger/state-node/v1")

    package static func key(_ bytes: [UInt8]) -> Digest { taggedHash(keyTag, bytes) }
    package static func value(_ bytes: [UInt8]) -> Digest { taggedHash(valueTag, bytes) }

    static func leaf(_ keyHash: Digest, _ valueHash: Digest) -> Digest {
        taggedHash(leafTag, keyHash, valueHash)
    }

    static func node(_ left: Digest, _ right: Digest) -> Digest {
        taggedHash(nodeTag, left, right)
    }
}
