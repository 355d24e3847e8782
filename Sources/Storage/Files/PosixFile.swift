// Files with the two guarantees that Foundation does not give: every error is reported, and bytes
// are on the medium when `synchronise` returns.

import Glibc

/// An open file, closed when nobody refers to it any more.
final class PosixFile: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String, flags: Int32, mode: mode_t = 0o600) throws(StorageError) {
        let opened = unsafe Glibc.open(path, flags | O_CLOEXEC, mode)
        guard opened >= 0 else { throw StorageError(errno: errno, path: path) }
        self.path = path
        descriptor = opened
    }

    deinit { _ = Glibc.close(descriptor) }

    func write(_ bytes: some Collection<UInt8>) throws(StorageError) {
        let all = Array(bytes)
        var done = 0
        while done < all.count {
            let count = unsafe all.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor,
                    buffer.baseAddress?.advanced(by: done),
                    buffer.count - done
                )
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw StorageError(errno: errno, path: path) }
            done += count
        }
    }

    /// At most `count` bytes from `offset`; fewer only at the end of the file.
    func read(at offset: UInt64, count: Int) throws(StorageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: done),
                    count - done,
                    off_t(offset) + off_t(done)
                )
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw StorageError(errno: errno, path: path) }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: UInt64) throws(StorageError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor,
                    buffer.baseAddress?.advanced(by: done),
                    bytes.count - done,
                    off_t(offset) + off_t(done)
                )
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw StorageError(errno: errno, path: path) }
            done += count
        }
    }

    var size: UInt64 {
        get throws(StorageError) {
            let end = lseek(descriptor, 0, SEEK_END)
            guard end >= 0 else { throw StorageError(errno: errno, path: path) }
            return UInt64(end)
        }
    }

    func synchronise() throws(StorageError) {
        guard fsync(descriptor) == 0 else { throw StorageError(errno: errno, path: path) }
    }

    /// Takes the exclusive advisory lock, or reports that another process has it.
    func lock(for owner: String) throws(StorageError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK
                ? .locked(path: owner) : StorageError(errno: errno, path: path)
        }
    }
}

extension StorageError {
    init(errno code: Int32, path: String) {
        switch code {
        case ENOSPC, EDQUOT: self = .diskFull(path: path)
        case EACCES, EPERM, EROFS: self = .notWritable(path: path)
        case ECONNREFUSED: self = .refusedConnection(path: path)
        case ENOENT, ENOTDIR: self = .missing(path: path)
        default: self = .io(path: path, detail: unsafe String(cString: strerror(code)))
        }
    }
}
