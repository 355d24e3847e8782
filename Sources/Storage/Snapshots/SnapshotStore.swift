// A node's snapshots: checkpoints of its database at heights that all nodes choose alike, each with
// an index by which parts of the state tree can be told to others.

package import Primitives
import Replica
import StateTree
import Synchronization

/// The folders `directory/HEIGHT`: `chain` is the checkpoint, `index` the state by key hash. What is
/// not finished has another name, so a crash leaves no half snapshot.
package final class SnapshotStore: Sendable {
    /// Entries that are indexed in one batch.
    private static let batchEntries = 4_096

    private let directory: String
    private let opened = Mutex<SnapshotReader?>(nil)

    /// Makes the directory when it is missing, and removes what a crash left unfinished.
    package init(directory: String) throws(StorageError) {
        self.directory = directory
        try Files.makeDirectory(directory)
        for name in try Files.names(in: directory) where Height(snapshot: name) == nil {
            try Files.removeTree(directory + "/" + name)
        }
    }

    /// Heights of whole snapshots, ascending.
    package func heights() throws(StorageError) -> [Height] {
        try Self.heights(in: directory)
    }

    /// The same for a directory that a running node may be using; none where there is none.
    package static func heights(in directory: String) throws(StorageError) -> [Height] {
        guard Files.exists(directory) else { return [] }
        return try Files.names(in: directory).compactMap { Height(snapshot: $0) }.sorted()
    }

    /// Takes the checkpoint alone, which takes milliseconds: between two blocks.
    package func capture(_ database: Database, at height: Height) throws(StorageError) {
        let path = unfinished(height)
        try Files.removeTree(path)
        try Files.makeDirectory(path)
        try database.checkpoint(into: path + "/chain")
    }

    /// Indexes a captured checkpoint, which takes seconds for a million entries, and makes it a
    /// snapshot. False when it was not captured, or belongs to another height.
    @discardableResult
    package func finish(_ height: Height) throws(StorageError) -> Bool {
        let path = unfinished(height)
        guard Files.exists(path + "/chain") else { return false }
        do {
            let store = try KeyValueStore(path: path + "/chain", cacheBytes: 8 << 20)
            guard try ChainReader(values: store, path: path).tip().height == height else {
                return false
            }
            try Self.index(store, to: path + "/index")
        }
        try Files.removeTree(folder(height))
        try Files.rename(path, to: folder(height))
        return true
    }

    /// Removes all but the latest snapshots.
    package func prune(keeping count: Int) throws(StorageError) {
        for height in try heights().dropLast(count) { try remove(height) }
    }

    package func remove(_ height: Height) throws(StorageError) {
        opened.withLock { if $0?.height == height { $0 = nil } }
        try Files.removeTree(folder(height))
    }

    /// The snapshot of a height; nil when there is none. The last one asked for stays open.
    package func reader(at height: Height) throws(StorageError) -> SnapshotReader? {
        if let reader = opened.withLock({ $0 }), reader.height == height { return reader }
        guard Files.exists(folder(height)) else { return nil }
        opened.withLock { $0 = nil }
        let reader = try SnapshotReader(folder: folder(height), height: height)
        opened.withLock { $0 = reader }
        return reader
    }

    private func folder(_ height: Height) -> String { directory + "/\(height.value)" }

    private func unfinished(_ height: Height) -> String {
        directory + "/\(height.value).unfinished"
    }

    /// Writes every entry of the flat state under its key hash.
    static func index(_ chain: KeyValueStore, to path: String) throws(StorageError) {
        let index = try KeyValueStore(path: path, cacheBytes: 8 << 20)
        var last: [UInt8]?
        while true {
            let page = try chain.scan(.state, after: last, limit: batchEntries)
            var batch = WriteBatch()
            for pair in page {
                let entry = TreePart.Entry(key: pair.key, value: pair.value)
                batch.put(.state, TreeHash.key(pair.key).bytes, entry.borshBytes)
            }
            last = page.last?.key
            try index.write(batch, sync: last == nil)
            if last == nil { return }
        }
    }
}

extension Height {
    /// The name of a finished snapshot's folder; nil for any other.
    fileprivate init?(snapshot name: String) {
        guard let number = UInt64(name), "\(number)" == name, number < UInt64.max else {
            return nil
        }
        self.init(number)
    }
}
