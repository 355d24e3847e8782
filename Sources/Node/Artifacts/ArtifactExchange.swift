// Fetches artifacts by digest from whichever peer has them, and serves them to others. A peer can
// waste a request; it cannot make us keep a wrong byte.

package import Commitments
package import Logging
package import Peers
import Primitives
package import Storage

/// Why an artifact did not come.
package enum ArtifactFetchError: Error, Equatable, Sendable {
    /// No connected peer gave all of it before the deadline.
    case unavailable(ArtifactID)
    case storage(StorageError)
}

package actor ArtifactExchange {
    /// Chunks asked of one peer at a time: as many as fit its queue for us.
    private static let chunksInFlight = 3

    private let store: ArtifactStore
    private let network: PeerNetwork
    private let logger: Logger
    private let answerDeadline: Duration
    private let inbox: AsyncStream<NetworkEvent>
    private let inboxContinuation: AsyncStream<NetworkEvent>.Continuation

    private var peers: [PublicKey] = []
    private var questions: [UInt64: Question] = [:]
    private var nextNumber: UInt64 = 0
    private var fetches: [ArtifactID: Task<ArtifactFetchError?, Never>] = [:]

    private struct Question {
        let peer: PublicKey
        let continuation: CheckedContinuation<ArtifactMessage?, Never>
    }

    package init(
        store: ArtifactStore,
        network: PeerNetwork,
        logger: Logger,
        answerDeadline: Duration = .seconds(5)
    ) {
        self.store = store
        self.network = network
        self.logger = logger
        self.answerDeadline = answerDeadline
        (inbox, inboxContinuation) = AsyncStream.makeStream(of: NetworkEvent.self)
    }

    /// Hands over a connection event or an artifact message, without waiting.
    package nonisolated func enqueue(_ event: NetworkEvent) { inboxContinuation.yield(event) }

    /// Keeps an artifact, present or yet to come, from making room for others; pins are counted.
    package nonisolated func pin(_ id: ArtifactID) { store.pin(id) }

    package nonisolated func unpin(_ id: ArtifactID) { store.unpin(id) }

    /// Serves and receives until cancelled.
    package func run() async {
        for await event in inbox {
            switch event {
            case .connected(let peer): peers.append(peer)
            case .disconnected(let peer): forget(peer)
            case .message(let message): take(message)
            }
        }
    }

    /// Makes sure that the artifact is in the store, asking peers until `deadline`. Callers that
    /// want the same artifact share one fetch.
    package func fetch(_ id: ArtifactID, within deadline: Duration) async throws(ArtifactFetchError)
    {
        if store.contains(id) { return }
        let task = fetches[id] ?? startFetch(id, until: .now + deadline)
        if let error = await task.value { throw error }
    }

    /// The checked bytes of an artifact, fetched when they are not here.
    package func bytes(
        _ id: ArtifactID,
        within deadline: Duration
    ) async throws(ArtifactFetchError) -> [UInt8] {
        for _ in 0..<2 {
            try await fetch(id, within: deadline)
            // A damaged file is forgotten when it is read, and fetched anew the second time.
            do {
                if let bytes = try store.bytes(id) { return bytes }
            } catch StorageError.corrupt {
                continue
            } catch {
                throw .storage(error)
            }
        }
        throw .unavailable(id)
    }
}

// MARK: - Fetching

extension ArtifactExchange {
    private func startFetch(
        _ id: ArtifactID,
        until deadline: ContinuousClock.Instant
    ) -> Task<ArtifactFetchError?, Never> {
        let task = Task { () -> ArtifactFetchError? in
            defer { fetches[id] = nil }
            do throws(ArtifactFetchError) {
                while ContinuousClock.now < deadline, !Task.isCancelled {
                    for peer in peers.shuffled() {
                        if try await fetch(id, from: peer) { return nil }
                    }
                    try? await Task.sleep(for: .milliseconds(250))
                }
                return .unavailable(id)
            } catch {
                return error
            }
        }
        fetches[id] = task
        return task
    }

    /// True when the artifact is complete. What came stays for the next peer to finish.
    private func fetch(
        _ id: ArtifactID,
        from peer: PublicKey
    ) async throws(ArtifactFetchError) -> Bool {
        guard
            case .manifest(_, let manifest?) = await ask(peer, { .wantManifest(number: $0, id) })
        else { return false }
        do {
            guard let download = try store.beginDownload(of: id, manifest) else { return false }
            var missing = download.missingChunks[...]
            while !missing.isEmpty {
                let batch = Array(missing.prefix(Self.chunksInFlight))
                missing = missing.dropFirst(batch.count)
                guard try await fetch(batch, of: id, from: peer, into: download) else {
                    return false
                }
            }
            if !store.contains(id) { try store.finish(download) }
            return true
        } catch {
            throw .storage(error)
        }
    }

    private func fetch(
        _ batch: [Int],
        of id: ArtifactID,
        from peer: PublicKey,
        into download: ArtifactDownload
    ) async throws(StorageError) -> Bool {
        let answers = await withTaskGroup(of: (Int, ArtifactMessage?).self) { tasks in
            for index in batch {
                tasks.addTask {
                    let answer = await self.ask(peer) {
                        .wantChunk(number: $0, id, index: UInt32(index))
                    }
                    return (index, answer)
                }
            }
            var answers: [(Int, ArtifactMessage?)] = []
            for await answer in tasks { answers.append(answer) }
            return answers
        }
        for (index, answer) in answers {
            guard case .chunk(_, let chunk?) = answer else { return false }
            guard try download.accept(chunk.bytes, asChunk: index) else {
                logger.warning("a peer sent a wrong chunk", metadata: ["artifact": "\(id)"])
                network.disconnect(peer)
                return false
            }
        }
        return true
    }

    /// The peer's answer, or nil when none came in time.
    private func ask(
        _ peer: PublicKey,
        _ question: @Sendable (UInt64) -> ArtifactMessage
    ) async -> ArtifactMessage? {
        let number = nextNumber
        nextNumber += 1
        let bytes = question(number).borshBytes
        let deadline = answerDeadline
        return await withCheckedContinuation { continuation in
            questions[number] = Question(peer: peer, continuation: continuation)
            guard network.send(bytes, on: .artifacts, to: peer) else {
                return answer(number, nil)
            }
            Task {
                try? await Task.sleep(for: deadline)
                answer(number, nil)
            }
        }
    }

    private func answer(_ number: UInt64, _ message: ArtifactMessage?) {
        questions.removeValue(forKey: number)?.continuation.resume(returning: message)
    }

    private func forget(_ peer: PublicKey) {
        peers.removeAll { $0 == peer }
        let lost = questions.filter { $0.value.peer == peer }.map(\.key).sorted()
        for number in lost { answer(number, nil) }
    }
}

// MARK: - Serving

extension ArtifactExchange {
    private func take(_ received: ReceivedMessage) {
        guard let message = try? ArtifactMessage(borsh: received.bytes) else {
            return network.disconnect(received.peer)
        }
        switch message {
        case .manifest, .chunk:
            // Only the peer that was asked may answer.
            guard questions[message.number]?.peer == received.peer else { return }
            answer(message.number, message)
        case .wantManifest(let number, let id):
            let manifest = try? store.manifest(id)
            send(.manifest(number: number, manifest), to: received.peer)
        case .wantChunk(let number, let id, let index):
            let bytes = try? store.chunk(Int(index), of: id)
            send(.chunk(number: number, bytes.map { .init(bytes: $0) }), to: received.peer)
        }
    }

    /// An answer for which there is no room is dropped; the peer asks again or elsewhere.
    private func send(_ message: ArtifactMessage, to peer: PublicKey) {
        network.send(message.borshBytes, on: .artifacts, to: peer)
    }
}
