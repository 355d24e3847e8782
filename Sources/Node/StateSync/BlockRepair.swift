// Fetches the blocks that a check has found damaged from peers, one after another. A peer can only
// waste a question: what it gives is checked as if nobody had signed anything yet.

import Ledger
package import Peers
package import Primitives
import Replica
package import Storage

/// Asks peers in turn for one block at a time.
package struct BlockRepair: Sendable {
    private enum Event: Sendable {
        case network(NetworkEvent)
        case timer(UInt64)
        case deadline
    }

    private struct Progress {
        var missing: [Height]
        var peers: [PublicKey] = []
        var turn = 0
        var number: UInt64 = 0
        var asked: PublicKey?
    }

    private static let answerDeadline = Duration.seconds(2)

    private let network: PeerNetwork
    private let database: Database
    private let chain: ChainID

    /// - Parameter network: runs for as long as the repair does.
    package init(network: PeerNetwork, database: Database, chain: ChainID) {
        self.network = network
        self.database = database
        self.chain = chain
    }

    /// Replaces the blocks of these heights; gives back those that no peer had.
    package func run(_ heights: [Height], within deadline: Duration) async -> [Height] {
        guard !heights.isEmpty else { return [] }
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let network = network
        return await withTaskGroup(of: [Height]?.self) { tasks in
            tasks.addTask {
                try? await network.run()
                return nil
            }
            tasks.addTask {
                for await event in network.events { continuation.yield(.network(event)) }
                return nil
            }
            tasks.addTask {
                try? await Task.sleep(for: deadline)
                continuation.yield(.deadline)
                return nil
            }
            tasks.addTask { await self.fetch(heights, events, continuation) }
            var left: [Height]?
            while left == nil, let next = await tasks.next() { left = next }
            tasks.cancelAll()
            return left ?? heights
        }
    }

    private func fetch(
        _ heights: [Height],
        _ events: AsyncStream<Event>,
        _ continuation: AsyncStream<Event>.Continuation
    ) async -> [Height] {
        var progress = Progress(missing: heights)
        for await event in events {
            switch event {
            case .deadline: return progress.missing
            case .timer(let number):
                guard number == progress.number else { continue }
                progress.asked = nil
            case .network(.connected(let peer)): progress.peers.append(peer)
            case .network(.disconnected(let peer)):
                progress.peers.removeAll { $0 == peer }
                if progress.asked == peer { progress.asked = nil }
            case .network(.message(let received)):
                guard received.channel == .blockSync, received.peer == progress.asked else {
                    continue
                }
                progress.asked = nil
                take(received, &progress)
            }
            if progress.missing.isEmpty { return [] }
            if progress.asked == nil { ask(&progress, continuation) }
        }
        return progress.missing
    }

    private func take(_ received: ReceivedMessage, _ progress: inout Progress) {
        guard let message = try? ReplicaMessage(borsh: received.bytes) else {
            return network.disconnect(received.peer)
        }
        // A peer without the block answers with its status, on another channel.
        guard case .block(let certified) = message,
            certified.height == progress.missing.first
        else { return }
        do {
            try database.repair(certified, chain: chain)
            progress.missing.removeFirst()
        } catch {
            network.disconnect(received.peer)
        }
    }

    private func ask(
        _ progress: inout Progress,
        _ continuation: AsyncStream<Event>.Continuation
    ) {
        guard let height = progress.missing.first, !progress.peers.isEmpty else { return }
        progress.turn = (progress.turn + 1) % progress.peers.count
        let peer = progress.peers[progress.turn]
        progress.number += 1
        progress.asked = peer
        let question = ReplicaMessage.requestBlocks(from: height, count: 1)
        network.send(question.borshBytes, on: .blockSync, to: peer)
        let number = progress.number
        Task {
            try? await Task.sleep(for: Self.answerDeadline)
            continuation.yield(.timer(number))
        }
    }
}
