package import Commitments
import Glibc
import Synchronization

/// An artifact that is arriving. Each chunk is checked on its own, so chunks may come in any order
/// and from anyone; what a crash leaves behind is checked and used again.
package final class ArtifactDownload: Sendable {
    package let manifest: ArtifactManifest
    let path: String
    private let file: PosixFile
    private let missing: Mutex<Set<Int>>

    init(manifest: ArtifactManifest, path: String) throws(StorageError) {
        self.manifest = manifest
        self.path = path
        file = try PosixFile(path: path, flags: O_RDWR | O_CREAT)
        var absent = Set(manifest.chunks.indices)
        let size = try file.size
        for index in manifest.chunks.indices {
            let start = UInt64(index) * UInt64(ArtifactManifest.chunkBytes)
            guard start < size, let count = manifest.byteCount(ofChunk: index) else { break }
            let bytes = try file.read(at: start, count: count)
            if manifest.accepts(bytes, asChunk: index) { absent.remove(index) }
        }
        missing = Mutex(absent)
    }

    /// Chunks that are still to come, in order.
    package var missingChunks: [Int] { missing.withLock { $0.sorted() } }

    package var isComplete: Bool { missing.withLock { $0.isEmpty } }

    /// Stores a chunk; false when it is not the right one.
    package func accept(_ bytes: [UInt8], asChunk index: Int) throws(StorageError) -> Bool {
        guard manifest.accepts(bytes, asChunk: index) else { return false }
        try file.write(bytes, at: UInt64(index) * UInt64(ArtifactManifest.chunkBytes))
        _ = missing.withLock { $0.remove(index) }
        return true
    }

    func synchronise() throws(StorageError) { try file.synchronise() }
}
