package import Primitives

/// A connected node, by the key that its transport proved. Not a validator's key: one node may
/// be asked for blocks without voting.
package struct PeerID: Sendable, Hashable, Comparable {
    package let key: PublicKey

    package init(_ key: PublicKey) { self.key = key }

    package static func < (left: PeerID, right: PeerID) -> Bool { left.key < right.key }
}
