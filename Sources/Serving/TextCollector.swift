import Synchronization

/// Text that arrives in pieces from another thread.
final class TextCollector: Sendable {
    private let pieces = Mutex("")

    /// Always true: a collector wants all of it.
    func append(_ text: String) -> Bool {
        pieces.withLock { $0 += text }
        return true
    }

    var text: String { pieces.withLock { $0 } }
}
