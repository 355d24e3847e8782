import Primitives

/// What has to be announced, and what has been asked for.
struct TransactionRelay {
    static let requestLimit = 8_192
    /// A request that brought nothing for so long may be made to another peer.
    static let patienceMilliseconds: UInt64 = 1_000

    private(set) var unannounced: [Digest] = []
    var isScheduled = false
    private var requested: [Digest: UInt64] = [:]
    /// The keys of `requested`, oldest first.
    private var order: [Digest] = []

    mutating func queue(_ id: Digest) { unannounced.append(id) }

    mutating func takeUnannounced() -> [Digest] {
        defer { unannounced = [] }
        return unannounced
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
