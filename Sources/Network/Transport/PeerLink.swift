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
    /// Why there is a connection.
    enum Origin: Sendable { case inbound, configured, found, feeler }

    let origin: Origin
    /// Where the peer is, as the socket says.
    let address: NetworkAddress?
    let account: ReceiveAccount
    /// What messages for a stranger take their room from.
    private let pool: MemoryPool?
    private let channel: any Channel
    private let state = Mutex(State())
    private let pump: @Sendable () -> Void

    init(
        peer: PublicKey,
        origin: Origin,
        account: ReceiveAccount,
        pool: MemoryPool?,
        channel: any Channel,
        pump: @escaping @Sendable () -> Void
    ) {
        self.peer = peer
        self.origin = origin
        self.account = account
        self.pool = pool
        self.channel = channel
        address = NetworkAddress(channel.remoteAddress)
        self.pump = pump
    }

    /// Whether this side dialled.
    var isInitiator: Bool { origin != .inbound }

    /// False when the peer's budget for this channel is used up, or the connection is closing.
    func send(_ message: [UInt8], on network: NetworkChannel) -> Bool {
        let (accepted, mustPump) = state.withLock { state in
            guard !state.isClosed, pool?.take(message.count) ?? true else {
                return (false, false)
            }
            guard state.queue.add(message, on: network) else {
                pool?.giveBack(message.count)
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

    /// Closes, and lets nobody act on what has come over it and waits to be consumed.
    func cut() {
        account.abandon()
        close()
    }

    func closed() -> EventLoopFuture<Void> { channel.closeFuture }

    // On the event loop only, by the connection handler.

    /// The connection is over, and so is what waits for it.
    func release() {
        state.withLock { state in
            state.isClosed = true
            pool?.giveBack(state.queue.waitingBytes)
            state.queue = OutboundQueue()
        }
    }

    func nextPacket() -> Packet? {
        state.withLock { state in
            let before = state.queue.waitingBytes
            defer { pool?.giveBack(before - state.queue.waitingBytes) }
            guard let packet = state.queue.next() else {
                state.isPumpScheduled = false
                return nil
            }
            return packet
        }
    }

    var waitingBytes: Int { state.withLock { $0.queue.waitingBytes } }
}
