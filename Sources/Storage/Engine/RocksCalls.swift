import CRocksDB
import Glibc

/// The options of every column family and of the database; the caller destroys them. Sizes are for
/// a node that shares its machine: about 64 MiB of write buffers in all, and one cache of blocks
/// that the column families share.
func makeRocksOptions(cacheBytes: Int) -> OpaquePointer {
    let options: OpaquePointer = unsafe rocksdb_options_create()
    unsafe rocksdb_options_set_create_if_missing(options, 1)
    unsafe rocksdb_options_set_create_missing_column_families(options, 1)
    unsafe rocksdb_options_set_paranoid_checks(options, 1)
    unsafe rocksdb_options_set_max_open_files(options, 256)
    unsafe rocksdb_options_set_write_buffer_size(options, 8 << 20)
    unsafe rocksdb_options_set_db_write_buffer_size(options, 64 << 20)
    unsafe rocksdb_options_set_max_total_wal_size(options, 64 << 20)
    unsafe rocksdb_options_set_keep_log_file_num(options, 2)
    unsafe rocksdb_options_set_info_log_level(options, Int32(rocksdbWarnLevel))
    let cache = unsafe rocksdb_cache_create_lru(cacheBytes)
    let table = unsafe rocksdb_block_based_options_create()
    unsafe rocksdb_block_based_options_set_block_cache(table, cache)
    unsafe rocksdb_options_set_block_based_table_factory(options, table)
    // The options hold references of their own.
    unsafe rocksdb_block_based_options_destroy(table)
    unsafe rocksdb_cache_destroy(cache)
    return unsafe options
}

private let rocksdbWarnLevel = 2

/// Runs one call and turns its error text, if any, into a typed error.
func checked<Result>(
    _ path: String,
    _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) throws(StorageError) -> Result {
    var message: UnsafeMutablePointer<CChar>? = nil
    let result = unsafe call(&message)
    guard let text = unsafe message else { return result }
    defer { unsafe rocksdb_free(text) }
    throw StorageError(rocksMessage: unsafe String(cString: text), path: path)
}

func withBytes<Result>(
    _ bytes: [UInt8],
    _ body: (UnsafePointer<CChar>?, Int) -> Result
) -> Result {
    unsafe bytes.withUnsafeBytes { buffer in
        unsafe body(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
    }
}

func copy(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> [UInt8] {
    guard let bytes = unsafe bytes, count > 0 else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: count))
}

extension StorageError {
    /// RocksDB reports errors as text only; these are the parts of it that have stayed the same.
    package init(rocksMessage text: String, path: String) {
        if text.contains("No space left on device") || text.contains("Disk quota exceeded") {
            self = .diskFull(path: path)
        } else if text.contains("Permission denied") || text.contains("Read-only file system") {
            self = .notWritable(path: path)
        } else if text.contains("lock ") && text.contains("Resource temporarily unavailable")
            || text.contains("lock hold by current process")
        {
            self = .locked(path: path)
        } else if text.contains("Corruption") {
            self = .corrupt(path: path, detail: text)
        } else if text.contains("No such file or directory") {
            self = .missing(path: path)
        } else {
            self = .io(path: path, detail: text)
        }
    }
}
