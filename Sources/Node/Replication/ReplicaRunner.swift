// The thread that a replica lives on. Disk writes block it and nothing else; whoever has something
// for the replica puts it into the queue and goes on.

import Dispatch
import Foundation
package import Ledger
package import Logging
package import Peers
package import Primitives
package import Replica
package import Storage
import Synchronization

/// Runs one replica over a database and a network.
package final class ReplicaRunner: Sendable {
    package let database: Database
    package let network: PeerNetwork
    private let queue: DispatchQueue
    /// Used on `queue` only, so the lock is never waited for; it is there because the compiler
    /// cannot know.
    private let engine: Mutex<ReplicaEngine>
    private let outlets: RunnerOutlets
    private let verifier: TransactionVerifier
    private let faults: AsyncStream<NodeFault>
    private let faultContinuation: AsyncStream<NodeFault>.Continuation
    private let logger: Logger

    /// Reads the tip and the log, and refuses a signing record that the log contradicts.
    package init(
        configuration: ReplicaConfiguration,
        database: Database,
        network: PeerNetwork,
        signer: consuming ValidatorSigner?,
        logger: Logger
    ) throws(NodeFault) {
        let tip: ChainTip
        let log: [WALEntry]
        do {
            tip = try database.now.tip()
            log = try database.now.log().filter { $0.height == tip.height.next }
        } catch {
            throw .storage(error)
        }
        do { try signer?.checkRecord(against: log, validators: tip.validators) } catch {
            throw .signing(error)
        }
        self.database = database
        self.network = network
        self.logger = logger
        queue = DispatchQueue(label: "openledger.replica", qos: .userInitiated)
        outlets = RunnerOutlets(network: network, queue: queue, logger: logger)
        verifier = TransactionVerifier(chain: configuration.record, state: database.now)
        (faults, faultContinuation) = AsyncStream.makeStream(of: NodeFault.self)
        engine = Mutex(
            ReplicaEngine(
                replica: Replica(configuration: configuration, tip: tip, store: database.now),
                database: database,
                signer: signer,
                outlets: outlets,
                logger: logger
            )
        )
        outlets.onTimer { [weak self] in self?.give([.timer($0)]) }
        give([.start(log: log)])
    }

    /// Begins to carry the network's events to the replica, and artifact messages to the exchange.
    /// To be called before the network listens.
    package func takeEvents(artifacts: ArtifactExchange) {
        network.onEvent { [weak self] event in self?.take(event, artifacts) }
    }

    /// Runs until the network ends. Throws the fault that stopped the replica, if one did.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                for await _ in self.network.events {}
            }
            tasks.addTask {
                for await fault in self.faults { throw fault }
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
    }

    /// Checks a transaction as the pool does and takes it in. Its signature is verified on the
    /// caller's thread.
    package func submit(_ transaction: SignedTransaction) async -> SubmissionVerdict {
        let verified = verifier.verified([transaction])
        return await withCheckedContinuation { continuation in
            give([.verified(verified), .submit(transaction, outlets.register(continuation))])
        }
    }

    /// Reads the replica between two of its steps; nil after a fault.
    package func inspect<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing Replica<ChainReader>, Bool) -> Value
    ) async -> Value? {
        await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: self.engine.withLock { $0.inspect(body) })
            }
        }
    }

    package func currentFault() async -> NodeFault? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.engine.withLock { $0.fault }) }
        }
    }

    /// Heights as they become final. A slow reader misses heights, never the latest one.
    package func heights() -> AsyncStream<Height> { outlets.heights() }

    /// Queues inputs. `message` keeps its sender's budget taken until the replica has seen it.
    private func give(_ inputs: [ReplicaInput], message: ReceivedMessage? = nil) {
        queue.async {
            if let message, message.isAbandoned { return }
            let fault = self.engine.withLock { engine in
                for input in inputs { engine.take(input, now: Self.now()) }
                return engine.fault
            }
            withExtendedLifetime(message) {}
            guard let fault else { return }
            self.outlets.abandonSubmissions()
            self.faultContinuation.yield(fault)
        }
    }

    /// Runs on the network's event loops.
    private func take(_ event: NetworkEvent, _ artifacts: ArtifactExchange) {
        switch event {
        case .connected(let peer):
            give([.connected(PeerID(peer))])
            artifacts.enqueue(event)
        case .disconnected(let peer):
            give([.disconnected(PeerID(peer))])
            artifacts.enqueue(event)
        case .message(let message) where message.channel == .artifacts:
            artifacts.enqueue(event)
        case .message(let message):
            guard let decoded = try? ReplicaMessage(borsh: message.bytes),
                decoded.channel.network == message.channel
            else {
                logger.warning("a peer sent what nobody understands")
                return network.ban(message.peer)
            }
            let input = ReplicaInput.message(decoded, from: PeerID(message.peer))
            guard case .transactions(let transactions) = decoded else {
                return give([input], message: message)
            }
            verifier.verify(transactions) { self.give([.verified($0), input], message: message) }
        }
    }

    /// Milliseconds since 1970.
    static func now() -> UInt64 {
        UInt64(max(0, Date.now.timeIntervalSince1970 * 1000))
    }
}
