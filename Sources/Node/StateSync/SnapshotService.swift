// Takes snapshots as blocks become final and gives their parts to whoever asks. A peer that asks too
// much waits for itself: of each, a few questions are kept and the others are dropped.

import LightClient
package import Logging
package import Peers
package import Primitives
import Replica
import StateTree
package import Storage
import Synchronization

package actor SnapshotService {
    /// Questions of one peer that may wait; an honest one has three under way.
    private static let questionLimit = 16

    private let store: SnapshotStore
    private let database: Database
    private let network: PeerNetwork
    /// A snapshot every so many heights; 0 takes none.
    private let interval: UInt64
    private let kept: Int
    private let logger: Logger
    private let inbox: AsyncStream<Work>
    private let inboxContinuation: AsyncStream<Work>.Continuation
    private let waiting = Mutex<[PublicKey: Int]>([:])

    private enum Work: Sendable {
        case question(StateSyncMessage, from: PublicKey)
        case captured(Height)
    }

    package init(
        store: SnapshotStore,
        database: Database,
        network: PeerNetwork,
        interval: UInt64,
        kept: Int,
        logger: Logger
    ) {
        self.store = store
        self.database = database
        self.network = network
        self.interval = interval
        self.kept = kept
        self.logger = logger
        (inbox, inboxContinuation) = AsyncStream.makeStream(of: Work.self)
    }

    /// Called between two blocks, on the thread that commits: takes the checkpoint of a height whose
    /// turn it is. Failing to is no reason to stop.
    package nonisolated func committed(_ height: Height) {
        guard interval > 0, height.value.isMultiple(of: interval) else { return }
        do {
            try store.capture(database, at: height)
            inboxContinuation.yield(.captured(height))
        } catch {
            logger.warning("no snapshot was taken", metadata: ["reason": "\(error)"])
        }
    }

    /// Takes a question without waiting. What no honest node sends ends the connection.
    package nonisolated func take(_ received: ReceivedMessage) {
        let peer = received.peer
        guard let message = try? StateSyncMessage(borsh: received.bytes) else {
            return network.disconnect(peer)
        }
        switch message {
        case .wantOffers, .wantHeader, .wantPart: break
        // An answer to a question of an earlier phase of this node.
        case .offers, .header, .part: return
        }
        let hasRoom = waiting.withLock { waiting in
            let count = waiting[peer, default: 0]
            guard count < Self.questionLimit else { return false }
            waiting[peer] = count + 1
            return true
        }
        if hasRoom { inboxContinuation.yield(.question(message, from: peer)) }
    }

    /// Answers and indexes until cancelled.
    package func run() async {
        for await work in inbox {
            switch work {
            case .captured(let height): finish(height)
            case .question(let message, let peer):
                waiting.withLock { waiting in
                    waiting[peer] = waiting[peer].flatMap { $0 > 1 ? $0 - 1 : nil }
                }
                guard let answer = answer(message) else { continue }
                network.send(answer.borshBytes, on: .stateSync, to: peer)
            }
        }
    }

    private func finish(_ height: Height) {
        do {
            try store.finish(height)
            try store.prune(keeping: kept)
            logger.info("snapshot", metadata: ["height": "\(height.value)"])
        } catch {
            logger.warning("no snapshot was made", metadata: ["reason": "\(error)"])
        }
    }

    private func answer(_ message: StateSyncMessage) -> StateSyncMessage? {
        do {
            switch message {
            case .wantOffers(let number):
                let heights = try store.heights().suffix(StateSyncMessage.offerLimit)
                return .offers(number: number, Array(heights))
            case .wantHeader(let number, let height):
                return .header(number: number, try database.now.lightBlock(at: height))
            case .wantPart(let number, let height, let path):
                return .part(number: number, try store.reader(at: height)?.part(below: path))
            case .offers, .header, .part: return nil
            }
        } catch {
            logger.warning("a snapshot cannot be read", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}
