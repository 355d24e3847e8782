// How the database is opened: the options, and what is checked before RocksDB may touch anything.

import CRocksDB
import Glibc

/// Opens the database in the directory `path` with every column family, and makes what is missing.
///
/// - Parameter isReadOnly: makes nothing, and shows the database as it is at this moment, also one
///   that another process writes.
func openRocks(
    path: String,
    cacheBytes: Int,
    isReadOnly: Bool = false
) throws(StorageError) -> (database: OpaquePointer, families: [OpaquePointer]) {
    let options = try unsafe makeRocksOptions(path: path, cacheBytes: cacheBytes)
    defer { unsafe rocksdb_options_destroy(options) }
    try unsafe refuseStrangeFamilies(path: path, options: options)
    // The writer may delete a file; one that is open stays readable.
    if isReadOnly { unsafe rocksdb_options_set_max_open_files(options, -1) }
    let names = unsafe ColumnFamily.allCases.map { unsafe strdup($0.name) }
    defer { unsafe names.forEach { unsafe free($0) } }
    let namePointers = unsafe names.map { unsafe UnsafePointer($0) }
    let familyOptions = unsafe [OpaquePointer?](repeating: options, count: names.count)
    var handles = unsafe [OpaquePointer?](repeating: nil, count: names.count)
    let database = try unsafe checked(path) { error in
        if isReadOnly {
            unsafe rocksdb_open_for_read_only_column_families(
                options,
                path,
                Int32(names.count),
                namePointers,
                familyOptions,
                &handles,
                0,
                error
            )
        } else {
            unsafe rocksdb_open_column_families(
                options,
                path,
                Int32(names.count),
                namePointers,
                familyOptions,
                &handles,
                error
            )
        }
    }
    let families = unsafe handles.compactMap { unsafe $0 }
    guard let database = unsafe database, unsafe families.count == names.count else {
        throw .io(path: path, detail: "the database did not open")
    }
    return unsafe (database, families)
}

/// A database with a key space that this release does not know was written by a later one. RocksDB
/// refuses it as well, but not in words that an operator can act on.
private func refuseStrangeFamilies(
    path: String,
    options: OpaquePointer
) throws(StorageError) {
    guard Files.exists(path + "/CURRENT") else { return }
    var count = 0
    let list = try unsafe checked(path) { error in
        unsafe rocksdb_list_column_families(options, path, &count, error)
    }
    guard let list = unsafe list else { return }
    defer { unsafe rocksdb_list_column_families_destroy(list, count) }
    let known = Set(ColumnFamily.allCases.map(\.name))
    let found = (0..<count).compactMap { index in
        unsafe list[index].map { unsafe String(cString: $0) }
    }
    let strange = found.filter { !known.contains($0) }
    guard strange.isEmpty else { throw .unknownFamilies(path: path, names: strange) }
}

/// The options of every column family and of the database; the caller destroys them. Sizes are for
/// a node that shares its machine: 16 MiB of write buffers in all, and one cache of blocks
/// that the column families share.
private func makeRocksOptions(
    path: String,
    cacheBytes: Int
) throws(StorageError) -> OpaquePointer {
    let options: OpaquePointer = unsafe rocksdb_options_create()
    defer { unsafe rocksdb_options_destroy(options) }
    unsafe rocksdb_options_set_create_if_missing(options, 1)
    unsafe rocksdb_options_set_create_missing_column_families(options, 1)
    unsafe rocksdb_options_set_paranoid_checks(options, 1)
    // A record that was being written when the process ended is dropped; any other damage to the
    // log refuses to open, where the default would silently drop all that follows it.
    unsafe rocksdb_options_set_wal_recovery_mode(
        options,
        Int32(rocksdb_tolerate_corrupted_tail_records_recovery)
    )
    // Files in which much was deleted are rewritten without it, while the node runs.
    unsafe rocksdb_options_add_compact_on_deletion_collector_factory(options, 4_096, 1_024)
    unsafe rocksdb_options_set_max_open_files(options, 256)
    unsafe rocksdb_options_set_write_buffer_size(options, 4 << 20)
    unsafe rocksdb_options_set_db_write_buffer_size(options, 16 << 20)
    unsafe rocksdb_options_set_max_total_wal_size(options, 64 << 20)
    unsafe rocksdb_options_set_keep_log_file_num(options, 2)
    // On a full disk RocksDB's own log fails as well, and its next line would trap before the node
    // has said why it stops. Errors come back from the calls, so nothing is lost.
    unsafe rocksdb_options_set_info_log_level(options, Int32(rocksdbFatalLevel))
    let cache = unsafe rocksdb_cache_create_lru(cacheBytes)
    let table = unsafe rocksdb_block_based_options_create()
    unsafe rocksdb_block_based_options_set_block_cache(table, cache)
    unsafe rocksdb_options_set_block_based_table_factory(options, table)
    // The options hold references of their own.
    unsafe rocksdb_block_based_options_destroy(table)
    unsafe rocksdb_cache_destroy(cache)
    return try unsafe haltingOptions(options, path: path)
}

/// The same options, and RocksDB does not try by itself to go on after a refused write: the node
/// ends, and must find what was durable then. The setting has no call of its own.
private func haltingOptions(
    _ options: OpaquePointer,
    path: String
) throws(StorageError) -> OpaquePointer {
    let halting: OpaquePointer = unsafe rocksdb_options_create()
    do {
        try unsafe checked(path) { error in
            unsafe rocksdb_get_options_from_string(
                options,
                "max_bgerror_resume_count=0",
                halting,
                error
            )
        }
    } catch {
        unsafe rocksdb_options_destroy(halting)
        throw error
    }
    return unsafe halting
}

private let rocksdbFatalLevel = 4
