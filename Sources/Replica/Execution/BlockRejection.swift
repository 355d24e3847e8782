package import Primitives
package import Voting

/// Why a block is not voted for.
package enum BlockRejection: Error, Sendable, Hashable {
    case wrongChain
    case wrongVersion(expected: UInt32, found: UInt32)
    case wrongHeight(expected: Height, found: Height)
    case wrongParent(expected: Digest, found: Digest)
    /// Block time must grow from block to block.
    case timeNotAfterParent(parent: UInt64, found: UInt64)
    /// Too far from this validator's clock. Honest proposers meet this too: nobody is blamed.
    case untimely(now: UInt64, found: UInt64)
    case contentsMismatch
    case tooLarge(Int)
    case wrongProposer
    case wrongValidators
    case wrongNextValidators
    case missingLastCommit
    case invalidLastCommit(CertificateError)
    case invalidBeacon
    case invalidEvidence
    case forgedTransaction(Digest)
    /// A transaction or piece of evidence that may not stand in this block.
    case notIncludable
    case wrongReceipts
    case wrongState
}
