import CRocksDB

/// The database at one moment.
///
/// `@unchecked Sendable`: both handles are set once and only read; RocksDB allows reads through
/// them from any thread. The store is kept alive until the snapshot is released.
@safe package final class KeyValueSnapshot: @unchecked Sendable, KeyValueReader {
    private let store: KeyValueStore
    private let snapshot: OpaquePointer
    private let reads: OpaquePointer

    init(store: KeyValueStore, snapshot: OpaquePointer) {
        self.store = store
        unsafe self.snapshot = snapshot
        unsafe reads = rocksdb_readoptions_create()
        unsafe rocksdb_readoptions_set_verify_checksums(reads, 1)
        unsafe rocksdb_readoptions_set_snapshot(reads, snapshot)
    }

    deinit {
        unsafe rocksdb_readoptions_destroy(reads)
        unsafe store.release(snapshot)
    }

    package func value(_ family: ColumnFamily, _ key: [UInt8]) throws(StorageError) -> [UInt8]? {
        try unsafe store.value(family, key, options: reads)
    }

    package func scan(
        _ family: ColumnFamily,
        prefix: [UInt8],
        after: [UInt8]?,
        limit: Int,
        descending: Bool
    ) throws(StorageError) -> [KeyValue] {
        try unsafe store.scan(
            family,
            prefix: prefix,
            after: after,
            limit: limit,
            descending: descending,
            options: reads
        )
    }
}
