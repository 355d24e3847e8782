package import Ledger
package import Primitives
package import Voting

/// What a replica asks of the shell. Effects are performed in order, and all of them before the
/// next input is given.
package enum ReplicaEffect: Sendable {
    case send(ReplicaMessage, to: PeerID)
    /// To every connected peer but one.
    case broadcast(ReplicaMessage, except: PeerID?)
    case schedule(ReplicaTimer, afterMilliseconds: UInt64)
    case sign(SignRequest, with: PublicKey)
    /// Append to the log. With `sync`, the entry and all before it are durable before any effect
    /// that follows.
    case persist(WALEntry, sync: Bool)
    case commit(CommittedBlock)
    /// The verdict on a submitted transaction; it says nothing yet about a block.
    case reply(SubmissionID, SubmissionVerdict)
    /// The peer sent what no honest node sends.
    case report(PeerID, Misbehaviour)
    /// Something for logs and metrics.
    case note(ReplicaNote)
    /// Nothing more will come out: the node cannot trust its own state.
    case halt(ReplicaFault)
}

package enum SubmissionVerdict: Sendable, Hashable {
    case accepted(Digest)
    case refused(MempoolRefusal)
}

/// A proof of bad faith, or of a broken peer. Nothing that depends on time or height is one.
package enum Misbehaviour: Sendable, Hashable {
    case forgedVote(Vote)
    case forgedProposal(Proposal)
    case mismatchedBlock(Proposal)
    case forgedTransaction(Digest)
    case invalidBlock(Height)
}

package enum ReplicaNote: Sendable, Hashable {
    case entered(Height, Round)
    case proposed(Height, Round, Digest)
    /// A block that this node prevotes against, and why.
    case rejected(Digest, BlockRejection)
    case decided(Height, Round, Digest)
    case equivocation(Height, ValidatorIndex)
    /// The chain will speak a version that this node does not know.
    case upgradeNeeded(UInt32, from: Height)
    case syncing(from: Height, to: Height)
    /// A stored block does not read back; a peer asked for it.
    case unreadableBlock(Height)
}

package enum ReplicaFault: Error, Sendable, Equatable {
    case execution(LedgerError)
    case stateTree(Height)
    case read
    /// More than two thirds precommitted a block that this node finds invalid.
    case decidedInvalidBlock(Height, Digest)
    /// From this height on the chain speaks a version of the protocol that this node does not know.
    case unknownVersion(UInt32, from: Height)
}
