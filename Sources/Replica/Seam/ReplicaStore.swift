package import Ledger
package import Primitives
package import StateTree

/// The last committed version of everything, read synchronously. The shell changes it only while
/// it performs `ReplicaEffect.commit`.
package protocol ReplicaStore: StateReader, NodeStore {
    /// The block of a height, or nil when it is beyond the tip or has been pruned.
    func certifiedBlock(at height: Height) throws(StateReadError) -> CertifiedBlock?
}
