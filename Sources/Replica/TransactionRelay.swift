import Primitives

/// Which transactions peers have to hear of, and which have been asked for.
///
/// What a client gave this node goes to all peers whole, because nobody else can have it; what
/// came from a peer is announced by its id, and only if it still waits by then: where everybody
/// is connected to everybody, most of it is in a block before. The first of a burst leaves at
/// once, the rest together when the interval is over.
struct TransactionRelay {
    static let requestLimit = 8_192
    /// A request that brought nothing for so long may be made to another peer.
    static let patienceMilliseconds: UInt64 = 1_000
    /// Longer ones are announced, whoever they come from: pushing costs a copy for each peer.
    static let pushedByteLimit = 1_024

    private var pushed: [Digest] = []
    private var announced: [Digest] = []
    private var requested: [Digest: UInt64] = [:]
    /// The keys of `requested`, oldest first.
    private var order: [Digest] = []
    /// Whether the interval after the last departure is still running.
    var isWaiting = false

    var isEmpty: Bool { pushed.isEmpty && announced.isEmpty }

    mutating func queue(_ id: Digest, whole: Bool) {
        if whole && pushed.count < ReplicaMessage.transactionLimit {
            pushed.append(id)
        } else {
            announced.append(id)
        }
    }

    mutating func take() -> (pushed: [Digest], announced: [Digest]) {
        defer { (pushed, announced) = ([], []) }
        return (pushed, announced)
    }

    /// Whether to ask for a transaction now; notes that it is asked for.
    mutating func shouldRequest(_ id: Digest, now: UInt64) -> Bool {
        if let before = requested[id] {
            guard now < before || now - before >= Self.patienceMilliseconds else { return false }
        } else {
            if order.count >= Self.requestLimit {
                for old in order.prefix(Self.requestLimit / 2) { requested[old] = nil }
                order.removeFirst(Self.requestLimit / 2)
            }
            order.append(id)
        }
        requested[id] = now
        return true
    }
}
