import CRocksDB

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
