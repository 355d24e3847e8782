import Primitives
import Voting

/// How often a peer may make us send what it says it lacks. Answers are larger than the status
/// that asks for them, so without a limit a peer could have us flood it, or someone behind it.
struct RepairBudget {
    private struct Peer {
        let id: PeerID
        var votesAt: UInt64?
        var proposalAt: UInt64?
        var proposalOf: Round?
        var bytes = ByteAllowance()
    }

    /// A bucket that fills with time.
    private struct ByteAllowance {
        static let limit: UInt64 = 8 << 20
        static let perMillisecond: UInt64 = 4 << 10

        var left = ByteAllowance.limit
        var filledAt: UInt64?

        mutating func fill(now: UInt64) {
            let passed = filledAt.map { now > $0 ? now - $0 : 0 } ?? 0
            let room = Self.limit - left
            left += min(room, min(passed, Self.limit) * Self.perMillisecond)
            filledAt = now
        }
    }

    private var peers: [Peer] = []

    mutating func connect(_ id: PeerID) {
        if !peers.contains(where: { $0.id == id }) { peers.append(Peer(id: id)) }
    }

    mutating func disconnect(_ id: PeerID) { peers.removeAll { $0.id == id } }

    mutating func allowVotes(_ id: PeerID, now: UInt64, interval: UInt64) -> Bool {
        guard let place = peers.firstIndex(where: { $0.id == id }),
            Self.hasPassed(interval, since: peers[place].votesAt, now)
        else { return false }
        peers[place].votesAt = now
        return true
    }

    /// A proposal carries a block: one a round, again only after four intervals.
    mutating func allowProposal(_ id: PeerID, _ round: Round, now: UInt64, interval: UInt64)
        -> Bool
    {
        guard let place = peers.firstIndex(where: { $0.id == id }),
            peers[place].proposalOf != round
                || Self.hasPassed(4 * interval, since: peers[place].proposalAt, now)
        else { return false }
        peers[place].proposalAt = now
        peers[place].proposalOf = round
        return true
    }

    /// How many bytes of blocks or transactions the peer may have now; about 4 MiB a second.
    mutating func bytesLeft(_ id: PeerID, now: UInt64) -> Int {
        guard let place = peers.firstIndex(where: { $0.id == id }) else { return 0 }
        peers[place].bytes.fill(now: now)
        return Int(peers[place].bytes.left)
    }

    mutating func spend(_ bytes: Int, for id: PeerID) {
        guard let place = peers.firstIndex(where: { $0.id == id }) else { return }
        let left = peers[place].bytes.left
        peers[place].bytes.left = left - min(left, UInt64(bytes))
    }

    private static func hasPassed(_ interval: UInt64, since: UInt64?, _ now: UInt64) -> Bool {
        guard let since else { return true }
        return now < since || now - since >= interval
    }
}
