import Synchronization

/// Bytes of whole messages that went over all connections, by channel, since the process started.
package final class PeerTraffic: Sendable {
    package struct Count: Sendable, Equatable {
        package var sent: UInt64 = 0
        package var received: UInt64 = 0
    }

    private let counts = Mutex([NetworkChannel: Count]())

    func sent(_ bytes: Int, on channel: NetworkChannel) {
        counts.withLock { $0[channel, default: Count()].sent += UInt64(bytes) }
    }

    func received(_ bytes: Int, on channel: NetworkChannel) {
        counts.withLock { $0[channel, default: Count()].received += UInt64(bytes) }
    }

    package subscript(channel: NetworkChannel) -> Count {
        counts.withLock { $0[channel, default: Count()] }
    }
}
