import Glibc

/// Keeps a second process out of a home directory for as long as it is referred to. The kernel
/// releases the lock when the process ends, however it ends.
package final class HomeLock: Sendable {
    private let file: PosixFile

    /// Makes the directory when it is missing.
    package init(home: String) throws(StorageError) {
        try Files.makeDirectory(home)
        let opened = try PosixFile(path: home + "/lock", flags: O_RDWR | O_CREAT)
        try opened.lock(for: home)
        file = opened
    }
}
