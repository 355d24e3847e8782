// Joining by a snapshot before the node proper starts: a network of its own, the pure machine that
// decides, and a database that takes the old one's place when all of it has been checked.

import Foundation
package import Ledger
import LightClient
package import Logging
package import Peers
package import Primitives
package import Replica
import StateTree
package import Storage

/// How a join ended.
package enum StateSyncOutcome: Sendable, Equatable {
    case joined(Height, entries: Int)
    case failed(StateSyncFailure)
    case storage(StorageError)
}

/// One attempt to join.
package struct StateSyncPhase: Sendable {
    private let network: PeerNetwork
    private let configuration: StateSyncConfiguration
    private let genesis: Genesis
    /// The database that is replaced; it must be closed and have no blocks.
    private let database: String
    private let logger: Logger

    private enum Event: Sendable {
        case network(NetworkEvent)
        case timer(StateSyncTimer)
    }

    /// - Parameter network: runs for as long as the phase does.
    package init(
        network: PeerNetwork,
        configuration: StateSyncConfiguration,
        genesis: Genesis,
        database: String,
        logger: Logger
    ) {
        self.network = network
        self.configuration = configuration
        self.genesis = genesis
        self.database = database
        self.logger = logger
    }

    /// Ends with a new database in place of the old one, or with the old one untouched.
    package func run() async -> StateSyncOutcome {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let network = network
        return await withTaskGroup(of: StateSyncOutcome?.self) { tasks in
            tasks.addTask {
                try? await network.run()
                return nil
            }
            tasks.addTask {
                for await event in network.events { continuation.yield(.network(event)) }
                return nil
            }
            tasks.addTask { await self.join(events, continuation) }
            var outcome: StateSyncOutcome?
            while outcome == nil, let next = await tasks.next() { outcome = next }
            tasks.cancelAll()
            return outcome ?? .failed(.noOffers)
        }
    }

    private func join(
        _ events: AsyncStream<Event>,
        _ continuation: AsyncStream<Event>.Continuation
    ) async -> StateSyncOutcome {
        var machine = StateSync(configuration: configuration)
        var work = StateSyncWork(path: database + ".incoming", genesis: genesis)
        // The machine starts its clock at the first input, and peers may never come.
        continuation.yield(.timer(.choose))
        for await event in events {
            guard let input = input(event) else { continue }
            for effect in machine.step(input, now: Self.now()) {
                do throws(StorageError) {
                    if let outcome = try perform(effect, &work, continuation) {
                        if case .joined = outcome {
                            work.close()
                            try StateImport.replace(database, with: work.path)
                        }
                        return outcome
                    }
                } catch {
                    return .storage(error)
                }
            }
        }
        return .failed(.noOffers)
    }

    private func input(_ event: Event) -> StateSyncInput? {
        switch event {
        case .timer(let timer): return .timer(timer)
        case .network(.connected(let peer)): return .connected(PeerID(peer))
        case .network(.disconnected(let peer)): return .disconnected(PeerID(peer))
        case .network(.message(let received)):
            guard received.channel == .stateSync else { return nil }
            guard let message = try? StateSyncMessage(borsh: received.bytes) else {
                network.disconnect(received.peer)
                return nil
            }
            return .message(message, from: PeerID(received.peer))
        }
    }

    private func perform(
        _ effect: StateSyncEffect,
        _ work: inout StateSyncWork,
        _ continuation: AsyncStream<Event>.Continuation
    ) throws(StorageError) -> StateSyncOutcome? {
        switch effect {
        case .send(let message, let peer):
            network.send(message.borshBytes, on: .stateSync, to: peer.key)
        case .schedule(let timer, let delay):
            Task {
                try? await Task.sleep(for: .milliseconds(Int64(clamping: delay)))
                continuation.yield(.timer(timer))
            }
        case .begin: try work.begin()
        case .write(let entries, let nodes): try work.write(entries, nodes)
        case .report(let peer, let fault):
            logger.warning("a peer lied about a snapshot", metadata: ["what": "\(fault)"])
            network.disconnect(peer.key)
        case .note(let note): log(note)
        case .finish(let block):
            try work.finish(block)
            return .joined(block.height, entries: work.entries)
        case .fail(let failure): return .failed(failure)
        }
        return nil
    }

    private func log(_ note: StateSyncNote) {
        switch note {
        case .joining(let height, let peers):
            logger.info(
                "state sync",
                metadata: ["height": "\(height.value)", "peers": "\(peers)"]
            )
        case .progress(let entries, let open):
            logger.debug(
                "state sync",
                metadata: ["entries": "\(entries)", "openParts": "\(open)"]
            )
        case .abandoned(let height):
            logger.warning("a snapshot was given up", metadata: ["height": "\(height.value)"])
        }
    }

    /// Milliseconds since 1970.
    private static func now() -> UInt64 { UInt64(max(0, Date.now.timeIntervalSince1970 * 1000)) }
}

/// The database that is being made.
private struct StateSyncWork {
    let path: String
    let genesis: Genesis
    private(set) var entries = 0
    private var target: StateImport?

    init(path: String, genesis: Genesis) {
        self.path = path
        self.genesis = genesis
    }

    mutating func begin() throws(StorageError) {
        // Closed first: the next one takes its folder.
        target = nil
        entries = 0
        target = try StateImport(path: path)
    }

    mutating func write(
        _ new: [TreePart.Entry],
        _ nodes: [(key: NodeKey, node: TreeNode)]
    ) throws(StorageError) {
        try target?.write(new, nodes)
        entries += new.count
    }

    func finish(_ block: LightBlock) throws(StorageError) {
        try target?.finish(block, genesis: genesis)
    }

    mutating func close() { target = nil }
}
