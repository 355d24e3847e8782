// Files by content. A name is believed only after its bytes were hashed: on arrival, and again on
// every read, because disks rot.

package import Commitments
import Cryptography
import Foundation
import Primitives
import Synchronization

/// The artifacts that this node holds: its own, which it keeps, and those fetched from peers, which
/// make room for others when the quota is reached and nothing pins them.
///
/// Layout: `own/HEX` and `cache/HEX` hold the bytes, `HEX.list` beside each the manifest. A file
/// without its manifest, or named `.part`, is unfinished; the manifest is written last.
package final class ArtifactStore: Sendable {
    private struct Entry {
        let isOwn: Bool
        let bytes: UInt64
        /// Grows with each use; the smallest is evicted first.
        var lastUse: UInt64
    }

    private struct State {
        var entries: [ArtifactID: Entry] = [:]
        var pins: [ArtifactID: Int] = [:]
        var used: UInt64 = 0
        var clock: UInt64 = 0
    }

    private let directory: String
    private let quotaBytes: UInt64
    private let state: Mutex<State>

    /// Finds what is already in the directory, and makes it when it is missing.
    package init(directory: String, quotaBytes: UInt64 = 1 << 38) throws(StorageError) {
        self.directory = directory
        self.quotaBytes = quotaBytes
        var found = State()
        for isOwn in [false, true] {
            let folder = directory + (isOwn ? "/own" : "/cache")
            try Files.makeDirectory(folder)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in names.sorted() where name.hasSuffix(".list") {
                guard let id = Hex.decode(String(name.dropLast(5))).flatMap({ ArtifactID($0) }),
                    let manifest = try Self.readManifest(folder + "/" + name),
                    manifest.id == id
                else { continue }
                found.entries[id] = Entry(isOwn: isOwn, bytes: manifest.length, lastUse: 0)
                found.used += manifest.length
            }
        }
        state = Mutex(found)
    }

    package func contains(_ id: ArtifactID) -> Bool {
        state.withLock { $0.entries[id] != nil }
    }

    package func manifest(_ id: ArtifactID) throws(StorageError) -> ArtifactManifest? {
        guard let path = touch(id) else { return nil }
        return try Self.readManifest(path + ".list")
    }

    /// One chunk, checked against the manifest; nil when the artifact or chunk is not here.
    package func chunk(_ index: Int, of id: ArtifactID) throws(StorageError) -> [UInt8]? {
        guard let path = touch(id), let manifest = try Self.readManifest(path + ".list"),
            let count = manifest.byteCount(ofChunk: index)
        else { return nil }
        let file = try PosixFile(path: path, flags: O_RDONLY)
        return try read(index, count, of: manifest, id, from: file)
    }

    /// The whole artifact, checked; nil when it is not here.
    package func bytes(_ id: ArtifactID) throws(StorageError) -> [UInt8]? {
        guard let path = touch(id), let manifest = try Self.readManifest(path + ".list") else {
            return nil
        }
        let file = try PosixFile(path: path, flags: O_RDONLY)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(manifest.length))
        for index in manifest.chunks.indices {
            let count = manifest.byteCount(ofChunk: index) ?? 0
            bytes += try read(index, count, of: manifest, id, from: file)
        }
        return bytes
    }

    /// Part of an artifact, from checked chunks; shorter at its end. Nil when it is not here.
    package func bytes(
        _ id: ArtifactID,
        offset: UInt64,
        count: Int
    ) throws(StorageError) -> [UInt8]? {
        guard let manifest = try manifest(id) else { return nil }
        guard offset < manifest.length, count > 0 else { return [] }
        let size = UInt64(ArtifactManifest.chunkBytes)
        let end = min(manifest.length, offset + UInt64(count))
        var bytes: [UInt8] = []
        for index in offset / size...(end - 1) / size {
            guard let chunk = try chunk(Int(index), of: id) else { return nil }
            let start = index * size
            let from = Int(max(offset, start) - start)
            let to = Int(min(end, start + size) - start)
            bytes += chunk[from..<to]
        }
        return bytes
    }

    /// Keeps an artifact of this node's own until it is removed by hand.
    @discardableResult
    package func store(_ bytes: [UInt8]) throws(StorageError) -> ArtifactID {
        let manifest = ArtifactManifest(of: bytes)
        let id = manifest.id
        if state.withLock({ $0.entries[id]?.isOwn == true }) { return id }
        try makeRoom(for: manifest.length)
        try Files.replace(path(id, isOwn: true), with: bytes)
        try add(manifest, id, isOwn: true)
        return id
    }

    /// Prepares to receive an artifact chunk by chunk; resumes what an earlier attempt left. Nil
    /// when the manifest is not the one that the id names.
    package func beginDownload(
        of id: ArtifactID,
        _ manifest: ArtifactManifest
    ) throws(StorageError) -> ArtifactDownload? {
        guard manifest.id == id else { return nil }
        try makeRoom(for: manifest.length)
        return try ArtifactDownload(manifest: manifest, path: path(id, isOwn: false) + ".part")
    }

    /// Takes over a complete download.
    package func finish(_ download: ArtifactDownload) throws(StorageError) {
        let id = download.manifest.id
        try download.synchronise()
        try Files.rename(download.path, to: path(id, isOwn: false))
        try add(download.manifest, id, isOwn: false)
    }

    /// Keeps an artifact, present or yet to come, from being evicted; pins are counted.
    package func pin(_ id: ArtifactID) { state.withLock { $0.pins[id, default: 0] += 1 } }

    package func unpin(_ id: ArtifactID) {
        state.withLock { state in
            let count = (state.pins[id] ?? 0) - 1
            state.pins[id] = count > 0 ? count : nil
        }
    }

    package var usedBytes: UInt64 { state.withLock { $0.used } }
}

extension ArtifactStore {
    private func path(_ id: ArtifactID, isOwn: Bool) -> String {
        directory + (isOwn ? "/own/" : "/cache/") + Hex.encode(id.bytes)
    }

    private func touch(_ id: ArtifactID) -> String? {
        state.withLock { state in
            guard var entry = state.entries[id] else { return nil }
            state.clock += 1
            entry.lastUse = state.clock
            state.entries[id] = entry
            return path(id, isOwn: entry.isOwn)
        }
    }

    private func read(
        _ index: Int,
        _ count: Int,
        of manifest: ArtifactManifest,
        _ id: ArtifactID,
        from file: PosixFile
    ) throws(StorageError) -> [UInt8] {
        let offset = UInt64(index) * UInt64(ArtifactManifest.chunkBytes)
        let bytes = try file.read(at: offset, count: count)
        guard manifest.accepts(bytes, asChunk: index) else {
            forget(id)
            throw .corrupt(path: file.path, detail: "chunk \(index) is not what was stored")
        }
        return bytes
    }

    /// A damaged artifact counts as absent, so that it is fetched again.
    private func forget(_ id: ArtifactID) {
        state.withLock { state in
            if let entry = state.entries.removeValue(forKey: id) { state.used -= entry.bytes }
        }
    }

    private func add(
        _ manifest: ArtifactManifest,
        _ id: ArtifactID,
        isOwn: Bool
    ) throws(StorageError) {
        try Files.replace(path(id, isOwn: isOwn) + ".list", with: manifest.borshBytes)
        state.withLock { state in
            if let old = state.entries[id] { state.used -= old.bytes }
            state.clock += 1
            state.entries[id] = Entry(
                isOwn: isOwn,
                bytes: manifest.length,
                lastUse: state.clock
            )
            state.used += manifest.length
        }
    }

    /// Evicts fetched, unpinned artifacts, longest unused first, until `bytes` fit; none when even
    /// that would not make enough room.
    private func makeRoom(for bytes: UInt64) throws(StorageError) {
        let (used, candidates) = state.withLock { state in
            let evictable = state.entries.filter { !$0.value.isOwn && state.pins[$0.key] == nil }
            return (
                state.used,
                evictable.sorted { ($0.value.lastUse, $0.key) < ($1.value.lastUse, $1.key) }
            )
        }
        let kept = used - candidates.reduce(0) { $0 + $1.value.bytes }
        let (least, overflow) = kept.addingReportingOverflow(bytes)
        guard !overflow, least <= quotaBytes else {
            throw .quotaExceeded(limit: quotaBytes, needed: overflow ? .max : least)
        }
        var left = used
        for (id, entry) in candidates where left + bytes > quotaBytes {
            try Files.remove(path(id, isOwn: false) + ".list")
            try Files.remove(path(id, isOwn: false))
            forget(id)
            left -= entry.bytes
        }
    }

    private static func readManifest(_ path: String) throws(StorageError) -> ArtifactManifest? {
        do {
            let file = try PosixFile(path: path, flags: O_RDONLY)
            let bytes = try file.read(at: 0, count: Int(clamping: file.size))
            return try? ArtifactManifest(borsh: bytes)
        } catch StorageError.missing {
            return nil
        } catch {
            throw error
        }
    }
}
