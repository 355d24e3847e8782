package import Consensus
package import Primitives

/// A timer of the replica. The shell keeps no state about it: when the time has passed it hands
/// the same value back, and the replica ignores what has become irrelevant.
package enum ReplicaTimer: Sendable, Hashable {
    case consensus(Timeout)
    /// Begin the height even without transactions.
    case heartbeat(Height)
    /// Tell the peers where we stand.
    case gossip
    /// Tell peers of the transactions admitted since the last time.
    case announce
    /// Give up waiting for requested blocks. The number tells requests apart.
    case sync(UInt64)
}
