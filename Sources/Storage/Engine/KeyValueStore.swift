// RocksDB behind five operations. The only file that touches its C interface, with its opening and
// snapshot beside it; what RocksDB hands out is copied before a call returns.

import CRocksDB
import Synchronization

/// An open RocksDB database.
///
/// `@unchecked Sendable`: RocksDB allows every call made here from any thread, the handles are set
/// once in `init`, and they are closed in `deinit`, when no call can be under way.
@safe package final class KeyValueStore: @unchecked Sendable, KeyValueReader {
    private let path: String
    private let database: OpaquePointer
    private let families: [OpaquePointer]
    private let reads: OpaquePointer
    private let synced: OpaquePointer
    private let buffered: OpaquePointer
    private let hasRefusedWrite = Atomic(false)

    /// Opens the database in the directory `path`, and creates it when nothing is there.
    package convenience init(path: String, cacheBytes: Int = 64 << 20) throws(StorageError) {
        try self.init(path: path, cacheBytes: cacheBytes, isReadOnly: false)
    }

    /// Opens an existing database as it is at this moment, also one that another process writes.
    package convenience init(readOnly path: String) throws(StorageError) {
        guard Files.exists(path + "/CURRENT") else { throw .missing(path: path) }
        try self.init(path: path, cacheBytes: 8 << 20, isReadOnly: true)
    }

    private init(path: String, cacheBytes: Int, isReadOnly: Bool) throws(StorageError) {
        let opened = try unsafe openRocks(
            path: path,
            cacheBytes: cacheBytes,
            isReadOnly: isReadOnly
        )
        self.path = path
        unsafe database = opened.database
        unsafe families = opened.families
        unsafe reads = rocksdb_readoptions_create()
        unsafe synced = rocksdb_writeoptions_create()
        unsafe buffered = rocksdb_writeoptions_create()
        unsafe rocksdb_readoptions_set_verify_checksums(reads, 1)
        unsafe rocksdb_writeoptions_set_sync(synced, 1)
    }

    /// A database that has refused a write stays open until the process ends: RocksDB asserts when it
    /// closes a log that it could not write, and there is nothing left to save.
    deinit {
        guard !hasRefusedWrite.load(ordering: .acquiring) else { return }
        unsafe families.forEach { unsafe rocksdb_column_family_handle_destroy($0) }
        unsafe rocksdb_close(database)
        unsafe rocksdb_readoptions_destroy(reads)
        unsafe rocksdb_writeoptions_destroy(synced)
        unsafe rocksdb_writeoptions_destroy(buffered)
    }

    package func value(_ family: ColumnFamily, _ key: [UInt8]) throws(StorageError) -> [UInt8]? {
        try unsafe value(family, key, options: reads)
    }

    package func scan(
        _ family: ColumnFamily,
        prefix: [UInt8],
        after: [UInt8]?,
        limit: Int,
        descending: Bool
    ) throws(StorageError) -> [KeyValue] {
        try unsafe scan(
            family,
            prefix: prefix,
            after: after,
            limit: limit,
            descending: descending,
            options: reads
        )
    }

    /// Applies the batch atomically. With `sync`, returns only when it would survive a power cut.
    package func write(_ batch: WriteBatch, sync: Bool) throws(StorageError) {
        let native = unsafe rocksdb_writebatch_create()
        defer { unsafe rocksdb_writebatch_destroy(native) }
        for operation in batch.operations {
            switch operation {
            case .put(let family, let key, let value):
                unsafe withBytes(key) { key, keyCount in
                    unsafe withBytes(value) { value, valueCount in
                        unsafe rocksdb_writebatch_put_cf(
                            native,
                            families[family.rawValue],
                            key,
                            keyCount,
                            value,
                            valueCount
                        )
                    }
                }
            case .delete(let family, let key):
                unsafe withBytes(key) { key, count in
                    unsafe rocksdb_writebatch_delete_cf(
                        native,
                        families[family.rawValue],
                        key,
                        count
                    )
                }
            case .deleteRange(let family, let from, let to):
                unsafe withBytes(from) { from, fromCount in
                    unsafe withBytes(to) { to, toCount in
                        unsafe rocksdb_writebatch_delete_range_cf(
                            native,
                            families[family.rawValue],
                            from,
                            fromCount,
                            to,
                            toCount
                        )
                    }
                }
            }
        }
        do {
            try unsafe checked(path) { error in
                unsafe rocksdb_write(database, sync ? synced : buffered, native, error)
            }
        } catch {
            hasRefusedWrite.store(true, ordering: .releasing)
            throw error
        }
    }

    /// Writes the database as it is now into `directory`, which must not exist. On the same file
    /// system its large files are shared and cost no room until the database changes.
    package func checkpoint(into directory: String) throws(StorageError) {
        guard !Files.exists(directory) else {
            throw .io(path: directory, detail: "it exists already")
        }
        let checkpoint = try unsafe checked(directory) { error in
            unsafe rocksdb_checkpoint_object_create(database, error)
        }
        defer { unsafe rocksdb_checkpoint_object_destroy(checkpoint) }
        // Everything is brought into files first, so that the copy needs no log.
        try unsafe checked(directory) { error in
            unsafe rocksdb_checkpoint_create(checkpoint, directory, 0, error)
        }
    }

    /// A view of this moment, unaffected by later writes.
    package func snapshot() -> KeyValueSnapshot {
        unsafe KeyValueSnapshot(store: self, snapshot: rocksdb_create_snapshot(database))
    }

    /// Rewrites the key space without what was deleted, and returns its room to the disk.
    package func compact(_ family: ColumnFamily) {
        unsafe rocksdb_compact_range_cf(database, families[family.rawValue], nil, 0, nil, 0)
    }

    func release(_ snapshot: OpaquePointer) {
        unsafe rocksdb_release_snapshot(database, snapshot)
    }
}

extension KeyValueStore {
    func value(
        _ family: ColumnFamily,
        _ key: [UInt8],
        options: OpaquePointer
    ) throws(StorageError) -> [UInt8]? {
        let slice = try unsafe checked(path) { error in
            unsafe withBytes(key) { key, count in
                unsafe rocksdb_get_pinned_cf(
                    database,
                    options,
                    families[family.rawValue],
                    key,
                    count,
                    error
                )
            }
        }
        guard let slice = unsafe slice else { return nil }
        defer { unsafe rocksdb_pinnableslice_destroy(slice) }
        var count = 0
        let bytes = unsafe rocksdb_pinnableslice_value(slice, &count)
        return unsafe copy(bytes, count)
    }

    func scan(
        _ family: ColumnFamily,
        prefix: [UInt8],
        after: [UInt8]?,
        limit: Int,
        descending: Bool,
        options: OpaquePointer
    ) throws(StorageError) -> [KeyValue] {
        guard
            let iterator = unsafe rocksdb_create_iterator_cf(
                database,
                options,
                families[family.rawValue]
            )
        else { throw .io(path: path, detail: "no iterator") }
        defer { unsafe rocksdb_iter_destroy(iterator) }
        unsafe position(iterator, prefix: prefix, after: after, descending: descending)
        var pairs: [KeyValue] = []
        while pairs.count < limit, unsafe rocksdb_iter_valid(iterator) != 0 {
            var keyCount = 0
            let keyBytes = unsafe rocksdb_iter_key(iterator, &keyCount)
            let key = unsafe copy(keyBytes, keyCount)
            guard key.starts(with: prefix) else { break }
            if key != after {
                var valueCount = 0
                let valueBytes = unsafe rocksdb_iter_value(iterator, &valueCount)
                pairs.append(KeyValue(key: key, value: unsafe copy(valueBytes, valueCount)))
            }
            if descending {
                unsafe rocksdb_iter_prev(iterator)
            } else {
                unsafe rocksdb_iter_next(iterator)
            }
        }
        try unsafe checked(path) { error in unsafe rocksdb_iter_get_error(iterator, error) }
        return pairs
    }

    private func position(
        _ iterator: OpaquePointer,
        prefix: [UInt8],
        after: [UInt8]?,
        descending: Bool
    ) {
        if !descending {
            let start = after.map { $0.lexicographicallyPrecedes(prefix) ? prefix : $0 } ?? prefix
            unsafe withBytes(start) { key, count in unsafe rocksdb_iter_seek(iterator, key, count) }
        } else if let after {
            unsafe withBytes(after) { key, count in
                unsafe rocksdb_iter_seek_for_prev(iterator, key, count)
            }
        } else if let end = keyAfterPrefix(prefix) {
            unsafe withBytes(end) { key, count in
                unsafe rocksdb_iter_seek_for_prev(iterator, key, count)
            }
            unsafe skip(end, iterator)
        } else {
            unsafe rocksdb_iter_seek_to_last(iterator)
        }
    }

    /// `seek_for_prev` stops on the key itself, which is the first one outside the prefix.
    private func skip(_ key: [UInt8], _ iterator: OpaquePointer) {
        guard unsafe rocksdb_iter_valid(iterator) != 0 else { return }
        var count = 0
        let bytes = unsafe rocksdb_iter_key(iterator, &count)
        if unsafe copy(bytes, count) == key { unsafe rocksdb_iter_prev(iterator) }
    }
}
