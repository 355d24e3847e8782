package import Ledger
package import Primitives

/// Which submission a reply belongs to; the shell chooses it.
package struct SubmissionID: Sendable, Hashable {
    package let value: UInt64
    package init(_ value: UInt64) { self.value = value }
}

/// What reaches a replica. Time comes beside each input.
package enum ReplicaInput: Sendable {
    /// First of all inputs, with the log's entries in the order of their writing.
    case start(log: [WALEntry])
    case connected(PeerID)
    case disconnected(PeerID)
    case message(ReplicaMessage, from: PeerID)
    case submit(SignedTransaction, SubmissionID)
    /// The shell has verified these signatures, on threads of its own, and found them valid. It
    /// saves time and decides nothing: whoever has not been told verifies.
    case verified([SignedTransaction])
    case timer(ReplicaTimer)
    case signed(SignedItem)
    /// The commit effect of this height is durable, and the store shows it.
    case committed(Height)
}
