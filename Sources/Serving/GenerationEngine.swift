// Answers requests together: one pass over the base model's weights makes a token for each of them,
// whatever its adapter. Requests join and leave between tokens, and what each gets has the bits
// that it would get alone.

import Dispatch
package import LanguageModel
import Synchronization

/// One thread of its own, so that no pass holds up the threads that answer requests.
package final class GenerationEngine: Sendable {
    /// What to generate.
    package struct Request: Sendable {
        package let prompt: [UInt32]
        package let maxTokens: Int
        package let adapter: PreparedAdapter?
        /// Is given each token that does not end the sequence, on the engine's thread; returning
        /// false ends the answer after it.
        package let onToken: @Sendable (UInt32) -> Bool

        package init(
            prompt: [UInt32],
            maxTokens: Int,
            adapter: PreparedAdapter?,
            onToken: @escaping @Sendable (UInt32) -> Bool
        ) {
            self.prompt = prompt
            self.maxTokens = maxTokens
            self.adapter = adapter
            self.onToken = onToken
        }
    }

    /// What was generated.
    package struct Answer: Sendable, Equatable {
        package let tokens: [UInt32]
        /// Nil where whoever asked ended it before the model or its limit did.
        package let finish: GreedyCompletion.Finish?
    }

    private struct Ticket: Sendable {
        let number: Int
        let request: Request
        let continuation: CheckedContinuation<Answer, any Error>
    }

    private struct Desk {
        var waiting: [Ticket] = []
        /// Requests in progress and waiting.
        var held = 0
        var issued = 0
        var cancelled: Set<Int> = []
        var isRunning = false
    }

    private let model: DecoderModel
    private let limit: Int
    private let width: Int
    private let thread = DispatchQueue(label: "openledger.generation")
    private let desk = Mutex(Desk())

    /// - Parameters:
    ///   - limit: the most requests in progress and waiting together.
    ///   - width: the most requests in progress; each holds keys and values of its tokens.
    package init(_ model: DecoderModel, limit: Int, width: Int) {
        precondition(limit > 0 && width > 0)
        self.model = model
        self.limit = limit
        self.width = width
    }

    /// Requests in progress and waiting.
    package var count: Int { desk.withLock { $0.held } }

    /// - Throws: `ServingError` `.busy` when the engine is full, `ModelError`, or
    ///   `CancellationError` where the task was cancelled before the first token; later the answer
    ///   so far is returned.
    package func answer(_ request: Request) async throws -> Answer {
        let number = try admit()
        defer {
            desk.withLock { desk in
                desk.held -= 1
                desk.cancelled.remove(number)
            }
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ticket = Ticket(number: number, request: request, continuation: continuation)
                let starts = desk.withLock { desk in
                    desk.waiting.append(ticket)
                    defer { desk.isRunning = true }
                    return !desk.isRunning
                }
                if starts { thread.async { self.run() } }
            }
        } onCancel: {
            desk.withLock { _ = $0.cancelled.insert(number) }
        }
    }

    private func admit() throws -> Int {
        let number = desk.withLock { desk -> Int? in
            guard desk.held < limit else { return nil }
            desk.held += 1
            desk.issued += 1
            return desk.issued
        }
        guard let number else {
            throw ServingError(.busy, "\(limit) requests are in progress; try again later")
        }
        return number
    }
}

extension GenerationEngine {
    /// A request in progress.
    private struct Seat {
        let ticket: Ticket
        var tokens: [UInt32] = []

        func leave(_ finish: GreedyCompletion.Finish?) {
            ticket.continuation.resume(returning: Answer(tokens: tokens, finish: finish))
        }
    }

    /// Until nothing is in progress and nothing waits.
    private func run() {
        var batch = BatchedGeneration(model)
        var seats: [BatchedGeneration.StreamID: Seat] = [:]
        while true {
            let (joining, leaving) = next(seats)
            for id in leaving { end(id, &batch, &seats) }
            for ticket in joining ?? [] { seat(ticket, &batch, &seats) }
            guard joining != nil else { return }
            for event in batch.step() { deliver(event, &batch, &seats) }
        }
    }

    /// Who may join, or nil when the work is done, and who was cancelled.
    private func next(
        _ seats: [BatchedGeneration.StreamID: Seat]
    ) -> (joining: [Ticket]?, leaving: [BatchedGeneration.StreamID]) {
        desk.withLock { desk in
            guard !seats.isEmpty || !desk.waiting.isEmpty else {
                desk.isRunning = false
                return (nil, [])
            }
            let leaving = seats.filter { desk.cancelled.contains($0.value.ticket.number) }
            let room = width - seats.count + leaving.count
            let joining = Array(desk.waiting.prefix(room))
            desk.waiting.removeFirst(joining.count)
            // Who was cancelled while waiting for a seat need not wait for one to be told.
            let given = desk.waiting.filter { desk.cancelled.contains($0.number) }
            desk.waiting.removeAll { desk.cancelled.contains($0.number) }
            return (joining + given, leaving.map { $0.key })
        }
    }

    private func seat(
        _ ticket: Ticket,
        _ batch: inout BatchedGeneration,
        _ seats: inout [BatchedGeneration.StreamID: Seat]
    ) {
        guard desk.withLock({ !$0.cancelled.contains(ticket.number) }) else {
            return ticket.continuation.resume(throwing: CancellationError())
        }
        let request = ticket.request
        do {
            let id = try batch.add(
                request.prompt,
                maxTokens: request.maxTokens,
                adapter: request.adapter
            )
            seats[id] = Seat(ticket: ticket)
        } catch {
            ticket.continuation.resume(throwing: error)
        }
    }

    private func end(
        _ id: BatchedGeneration.StreamID,
        _ batch: inout BatchedGeneration,
        _ seats: inout [BatchedGeneration.StreamID: Seat]
    ) {
        batch.remove(id)
        guard let seat = seats.removeValue(forKey: id) else { return }
        if seat.tokens.isEmpty {
            seat.ticket.continuation.resume(throwing: CancellationError())
        } else {
            seat.leave(nil)
        }
    }

    private func deliver(
        _ event: BatchedGeneration.Event,
        _ batch: inout BatchedGeneration,
        _ seats: inout [BatchedGeneration.StreamID: Seat]
    ) {
        if let error = event.failure {
            return seats.removeValue(forKey: event.stream)?
                .ticket.continuation.resume(throwing: error) ?? ()
        }
        if let token = event.token {
            seats[event.stream]?.tokens.append(token)
            if event.finish != .stop, seats[event.stream]?.ticket.request.onToken(token) == false {
                batch.remove(event.stream)
                seats.removeValue(forKey: event.stream)?.leave(nil)
                return
            }
        }
        guard let finish = event.finish else { return }
        seats.removeValue(forKey: event.stream)?.leave(finish)
    }
}
