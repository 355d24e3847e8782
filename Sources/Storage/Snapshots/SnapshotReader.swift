import Ledger
package import LightClient
package import Primitives
import Replica
package import StateTree

/// An open snapshot. Any thread may read.
package final class SnapshotReader: Sendable {
    /// Bytes of entries in one part; more are told as branches.
    package static let partBytes = 256 << 10
    private static let pageEntries = 512

    package let height: Height
    private let chain: ChainReader
    private let index: KeyValueStore
    private let path: String

    init(folder: String, height: Height) throws(StorageError) {
        path = folder
        self.height = height
        let store = try KeyValueStore(path: folder + "/chain", cacheBytes: 8 << 20)
        chain = ChainReader(values: store, path: folder + "/chain")
        index = try KeyValueStore(path: folder + "/index", cacheBytes: 8 << 20)
    }

    /// The state of a database as it is now, by an index that is made at `index`, where nothing is
    /// yet. The database may belong to a running node: it is only read, as of one moment.
    package init(database: String, index: String) throws(StorageError) {
        let store = try KeyValueStore(readOnly: database)
        let reader = ChainReader(values: store, path: database)
        path = database
        height = try reader.tip().height
        chain = reader
        try SnapshotStore.index(store, to: index)
        self.index = try KeyValueStore(path: index, cacheBytes: 8 << 20)
    }

    /// A block before it, where the node has it; for the way from the genesis.
    package func lightBlock(at height: Height) throws(StorageError) -> LightBlock? {
        try chain.lightBlock(at: height)
    }

    /// The header of the snapshot with what proves it final.
    package func lightBlock() throws(StorageError) -> LightBlock {
        guard let block = try chain.lightBlock(at: height) else {
            throw .corrupt(path: path, detail: "it has no block \(height.value)")
        }
        return block
    }

    /// The part of the state below a path; nil when there is none.
    package func part(below path: NibblePath) throws(StorageError) -> TreePart? {
        var entries: [TreePart.Entry] = []
        var bytes = 0
        var after = path.firstKey
        while true {
            let page = try index.scan(
                .state,
                prefix: path.wholeBytes,
                after: after,
                limit: Self.pageEntries
            )
            for pair in page {
                guard let hash = Digest(pair.key) else {
                    throw .corrupt(path: self.path, detail: "a key hash")
                }
                guard path.isPrefix(of: hash) else {
                    return entries.isEmpty ? nil : .entries(entries)
                }
                bytes += pair.value.count
                if bytes > Self.partBytes, !entries.isEmpty { return try branches(below: path) }
                entries.append(try decode(pair.value))
            }
            guard let last = page.last else { return entries.isEmpty ? nil : .entries(entries) }
            after = last.key
        }
    }

    private func branches(below path: NibblePath) throws(StorageError) -> TreePart? {
        do {
            return try StateTree.branches(below: path, at: height.value, in: chain).map {
                .branches($0)
            }
        } catch {
            throw .corrupt(path: self.path, detail: "the state tree: \(error)")
        }
    }

    private func decode(_ bytes: [UInt8]) throws(StorageError) -> TreePart.Entry {
        do { return try TreePart.Entry(borsh: bytes) } catch {
            throw .corrupt(path: path, detail: "an entry of its index: \(error)")
        }
    }
}

extension NibblePath {
    /// The bytes that every key hash below the path begins with.
    fileprivate var wholeBytes: [UInt8] { Array(prefix.bytes.prefix(count / 2)) }

    /// Not after any key hash below the path, and shorter than all of them.
    fileprivate var firstKey: [UInt8] { Array(prefix.bytes.prefix((count + 1) / 2)) }
}

extension ChainReader {
    /// A block's header, certificate and validators; nil when the block is not here.
    package func lightBlock(at height: Height) throws(StorageError) -> LightBlock? {
        guard let certified = try block(at: height), let set = try validators(at: height) else {
            // A node that joined by a snapshot has the header that it joined at.
            guard let bytes = try values.value(.meta, ChainKey.base) else { return nil }
            let base: LightBlock = try decode(bytes, "header")
            return base.height == height ? base : nil
        }
        return LightBlock(
            header: certified.block.header,
            certificate: certified.certificate,
            validators: set
        )
    }
}
