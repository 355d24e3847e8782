import NIOCore
import Primitives
import Synchronization

/// The thread-safe end of an established connection: messages are queued here from anywhere and
/// framed on the connection's event loop.
final class PeerLink: Sendable {
    private struct State {
        var queue = OutboundQueue()
        var isPumpScheduled = false
        var isClosed = false
    }

    let peer: PublicKey
    /// Whether this side dialled.
    let isInitiator: Bool
    private let channel: any Channel
    private let state = Mutex(State())
    private let pump: @Sendable () -> Void

    init(
        peer: PublicKey,
        isInitiator: Bool,
        channel: any Channel,
        pump: @escaping @Sendable () -> Void
    ) {
        self.peer = peer
        self.isInitiator = isInitiator
        self.channel = channel
        self.pump = pump
    }

    /// False when the peer's budget for this channel is used up, or the connection is closing.
    func send(_ message: [UInt8], on network: NetworkChannel) -> Bool {
        let (accepted, mustPump) = state.withLock { state in
            guard !state.isClosed, state.queue.add(message, on: network) else {
                return (false, false)
            }
            defer { state.isPumpScheduled = true }
            return (true, !state.isPumpScheduled)
        }
        if mustPump { channel.eventLoop.execute(pump) }
        return accepted
    }

    func close() {
        state.withLock { $0.isClosed = true }
        channel.close(promise: nil)
    }

    func closed() -> EventLoopFuture<Void> { channel.closeFuture }

    // On the event loop only, by the connection handler.

    func nextPacket() -> Packet? {
        state.withLock { state in
            guard let packet = state.queue.next() else {
                state.isPumpScheduled = false
                return nil
            }
            return packet
        }
    }

    var hasWaiting: Bool { state.withLock { !$0.queue.isEmpty } }
}
