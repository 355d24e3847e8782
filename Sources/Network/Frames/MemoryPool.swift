import Synchronization

/// Bytes that all peers whom the operator has not named may take together: begun messages of theirs,
/// and messages that wait for them.
final class MemoryPool: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// False when there is no room; then nothing is taken.
    func take(_ bytes: Int) -> Bool {
        used.withLock { used in
            guard used + bytes <= limit else { return false }
            used += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) { used.withLock { $0 -= bytes } }
}
