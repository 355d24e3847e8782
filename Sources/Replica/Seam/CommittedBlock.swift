package import Ledger
package import Primitives
package import StateTree

/// Everything that one block writes. The shell writes it in one atomic batch, together with the
/// deletion of the log's entries up to this height, and answers `ReplicaInput.committed`.
package struct CommittedBlock: Sendable {
    package let certified: CertifiedBlock
    /// Flat state: sorted by key.
    package let changes: [StateChange]
    /// Tree nodes of the version equal to the height.
    package let newNodes: [(key: NodeKey, node: TreeNode)]
    /// Nodes that this version no longer needs; older versions may.
    package let staleNodes: [NodeKey]
    /// One a transaction, in block order.
    package let receipts: [Receipt]
    package let events: [Event]
    package let tip: ChainTip

    package init(
        certified: CertifiedBlock,
        changes: [StateChange],
        newNodes: [(key: NodeKey, node: TreeNode)],
        staleNodes: [NodeKey],
        receipts: [Receipt],
        events: [Event],
        tip: ChainTip
    ) {
        self.certified = certified
        self.changes = changes
        self.newNodes = newNodes
        self.staleNodes = staleNodes
        self.receipts = receipts
        self.events = events
        self.tip = tip
    }

    package var height: Height { tip.height }
}
