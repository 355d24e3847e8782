/// The key spaces of the one database. Raw values are positions in the open call, not stored.
package enum ColumnFamily: Int, CaseIterable, Sendable {
    /// RocksDB insists on this one; nothing is kept in it.
    case unused
    /// Height (big-endian) to block and certificate; also header hash to height.
    case blocks
    /// The flat state as of the last committed block.
    case state
    /// Tree nodes by version, then path.
    case nodes
    /// Version at which a node became stale, then the node's key.
    case stale
    /// Transaction id to height, position and receipt.
    case transactions
    /// Events in order, and under each subject.
    case events
    /// The consensus write-ahead log.
    case consensus
    /// Chain identity, format and tip.
    case meta

    package var name: String {
        switch self {
        case .unused: "default"
        case .blocks: "blocks"
        case .state: "state"
        case .nodes: "nodes"
        case .stale: "stale"
        case .transactions: "transactions"
        case .events: "events"
        case .consensus: "consensus"
        case .meta: "meta"
        }
    }
}
