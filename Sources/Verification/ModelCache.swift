package import LanguageModel
package import Primitives
import Synchronization

/// The base model that was used last, so that a committee's work on several claims of one model
/// loads it once. One model is kept: the weights are most of a validator's memory.
package final class ModelCache: Sendable {
    package struct Entry: Sendable {
        package let id: Digest
        package let bundle: ModelBundle
    }

    private let current = Mutex<Entry?>(nil)

    package init() {}

    package func entry(_ id: Digest) -> Entry? {
        current.withLock { $0?.id == id ? $0 : nil }
    }

    package func insert(_ bundle: ModelBundle, for id: Digest) -> Entry {
        let entry = Entry(id: id, bundle: bundle)
        current.withLock { $0 = entry }
        return entry
    }
}
