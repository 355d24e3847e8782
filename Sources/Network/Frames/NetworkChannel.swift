/// The streams that share one connection. Lower raw values are served first.
package enum NetworkChannel: UInt8, CaseIterable, Sendable {
    case consensus
    case transactions
    case blockSync
    case stateSync
    case artifacts

    /// Longest message. A block is at most 1 MiB; an artifact chunk is 1 MiB and its proof.
    package var messageBytesLimit: Int {
        switch self {
        case .consensus: 2 << 20
        case .transactions: 1 << 20
        case .blockSync, .stateSync: 4 << 20
        case .artifacts: 1 << 20 + 1 << 16
        }
    }

    /// Bytes that may wait to be sent to one peer: at least two of the longest messages.
    package var queueBytesLimit: Int { max(4 << 20, 2 * messageBytesLimit) }
}
