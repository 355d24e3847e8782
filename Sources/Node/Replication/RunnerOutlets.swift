import Dispatch
import Ledger
import Logging
import Peers
import Primitives
import Replica
import Synchronization

/// Where a runner's effects go: to the network, to timers, to whoever waits for an answer. It knows
/// the runner only as something that takes timers.
final class RunnerOutlets: Sendable {
    private struct State {
        var submissions: [SubmissionID: CheckedContinuation<SubmissionVerdict, Never>] = [:]
        var nextSubmission: UInt64 = 0
        var watchers: [UInt64: AsyncStream<Height>.Continuation] = [:]
        var nextWatcher: UInt64 = 0
        var onTimer: (@Sendable (ReplicaTimer) -> Void)?
    }

    private let network: PeerNetwork
    private let queue: DispatchQueue
    private let logger: Logger
    private let state = Mutex(State())

    init(network: PeerNetwork, queue: DispatchQueue, logger: Logger) {
        self.network = network
        self.queue = queue
        self.logger = logger
    }

    func onTimer(_ take: @escaping @Sendable (ReplicaTimer) -> Void) {
        state.withLock { $0.onTimer = take }
    }

    func register(_ continuation: CheckedContinuation<SubmissionVerdict, Never>) -> SubmissionID {
        state.withLock { state in
            let id = SubmissionID(state.nextSubmission)
            state.nextSubmission += 1
            state.submissions[id] = continuation
            return id
        }
    }

    /// Answers everyone who still waits, because nothing more will come.
    func abandonSubmissions() {
        let abandoned = state.withLock { state in
            defer { state.submissions = [:] }
            return state.submissions.map(\.value)
        }
        for continuation in abandoned {
            continuation.resume(returning: .refused(.ledger(.stateUnavailable)))
        }
    }

    func heights() -> AsyncStream<Height> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Height.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let id = state.withLock { state in
            defer { state.nextWatcher += 1 }
            state.watchers[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.watchers.removeValue(forKey: id) }
        }
        return stream
    }

    // MARK: - Effects

    func send(_ message: ReplicaMessage, to peer: PeerID) {
        network.send(message.borshBytes, on: message.channel.network, to: peer.key)
    }

    func broadcast(_ message: ReplicaMessage, except: PeerID?) {
        network.broadcast(
            message.borshBytes,
            on: message.channel.network,
            except: except?.key
        )
    }

    func schedule(_ timer: ReplicaTimer, after delay: UInt64) {
        let milliseconds = Int(clamping: min(delay, 1 << 31))
        queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in
            let onTimer = self?.state.withLock { $0.onTimer }
            onTimer?(timer)
        }
    }

    func reply(_ id: SubmissionID, _ verdict: SubmissionVerdict) {
        state.withLock { $0.submissions.removeValue(forKey: id) }?.resume(returning: verdict)
    }

    func report(_ peer: PeerID, _ misbehaviour: Misbehaviour) {
        logger.warning("a peer misbehaved", metadata: ["what": "\(misbehaviour)"])
        network.ban(peer.key)
    }

    func committed(_ height: Height) {
        let watchers = state.withLock { Array($0.watchers.values) }
        for watcher in watchers { watcher.yield(height) }
    }
}

extension ReplicaMessage.Channel {
    var network: NetworkChannel {
        switch self {
        case .consensus: .consensus
        case .transactions: .transactions
        case .blockSync: .blockSync
        }
    }
}
