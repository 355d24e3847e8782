package import Primitives
import Synchronization

/// What the network reports, in the order in which it happened.
package enum NetworkEvent: Sendable {
    case connected(PublicKey)
    case disconnected(PublicKey)
    case message(ReceivedMessage)
}

/// One whole message. While it is referenced, its bytes count against the sender's budget, so a
/// slow consumer slows the peer instead of filling memory: drop it when it has been dealt with.
package struct ReceivedMessage: Sendable {
    package let peer: PublicKey
    package let channel: NetworkChannel
    package let bytes: [UInt8]
    let credit: ReceiveCredit

    /// The peer has been cut off since for what it did, so the message is not to be acted on.
    package var isAbandoned: Bool { credit.isAbandoned }
}

/// Gives the bytes of a message back to its peer's budget when it is let go.
final class ReceiveCredit: Sendable {
    private let bytes: Int
    private let account: ReceiveAccount

    init(bytes: Int, account: ReceiveAccount) {
        self.bytes = bytes
        self.account = account
        account.take(bytes)
    }

    deinit { account.giveBack(bytes) }

    var isAbandoned: Bool { account.isAbandoned }
}

/// The unconsumed bytes of one peer.
final class ReceiveAccount: Sendable {
    private struct State {
        var limit: Int
        var used = 0
        var isAbandoned = false
        var resume: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>

    init(limit: Int) { state = Mutex(State(limit: limit)) }

    /// For a peer that turned out to deserve more.
    func extend(to limit: Int) { state.withLock { $0.limit = limit } }

    func abandon() { state.withLock { $0.isAbandoned = true } }

    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    func take(_ bytes: Int) { state.withLock { $0.used += bytes } }

    func giveBack(_ bytes: Int) {
        let resume = state.withLock { state in
            state.used -= bytes
            guard state.used <= state.limit / 2 else { return nil as (@Sendable () -> Void)? }
            defer { state.resume = nil }
            return state.resume
        }
        resume?()
    }

    /// True when there is room to read on; otherwise `resume` is called once there is.
    func mayRead(orResume resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.used > state.limit else { return true }
            state.resume = resume
            return false
        }
    }
}
