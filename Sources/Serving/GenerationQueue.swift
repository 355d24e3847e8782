import Dispatch
import Synchronization

/// Runs generations one after another on a thread of their own: each uses every core by itself,
/// and none may hold up the threads that answer requests.
final class GenerationQueue: Sendable {
    private let queue = DispatchQueue(label: "openledger.generation")
    private let waiting = Mutex(0)
    private let limit: Int

    /// - Parameter limit: the most generations in progress and waiting together.
    init(limit: Int) { self.limit = limit }

    func run<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value
    ) async throws -> Value {
        let admitted = waiting.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard admitted else {
            throw ServingError(.busy, "\(limit) requests are in progress; try again later")
        }
        defer { waiting.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}
