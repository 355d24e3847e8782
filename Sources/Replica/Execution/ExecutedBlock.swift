package import Ledger
package import Primitives
package import StateTree
package import Voting

/// A block and what executing it on the tip gives, kept from the first vote to the commit so that
/// nothing is executed twice.
package struct ExecutedBlock: Sendable {
    package let block: Block
    package let hash: Digest
    package let outcome: BlockOutcome
    package let tree: TreeUpdate

    /// The commit of this block on `tip`.
    package func committed(on tip: ChainTip, certificate: CommitCertificate) -> CommittedBlock {
        CommittedBlock(
            certified: CertifiedBlock(block: block, certificate: certificate),
            changes: outcome.changes,
            newNodes: tree.newNodes,
            staleNodes: tree.stale,
            receipts: outcome.receipts,
            events: outcome.events,
            tip: ChainTip(
                height: block.header.height,
                hash: hash,
                time: block.header.time,
                beacon: block.header.beacon,
                stateRoot: block.header.stateRoot,
                validators: outcome.nextValidators,
                lastValidators: tip.validators,
                certificate: certificate
            )
        )
    }
}
