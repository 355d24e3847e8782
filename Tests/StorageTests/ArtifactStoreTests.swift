import Commitments
import Foundation
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Artifact store")
struct ArtifactStoreTests {
    let scratch = ScratchDirectory()

    private func open(quota: UInt64 = 1 << 30) throws -> ArtifactStore {
        try ArtifactStore(directory: scratch.file("artifacts"), quotaBytes: quota)
    }

    private func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var result: [UInt8] = []
        while result.count < count {
            withUnsafeBytes(of: random.next()) { result += $0 }
        }
        return Array(result.prefix(count))
    }

    @Test(
        "what is stored comes back, whole and by chunk, also after opening again",
        arguments: [0, 1, 1 << 20, (1 << 20) + 1, 3 << 20]
    )
    func roundTrip(count: Int) throws {
        let content = bytes(count)
        let id = try open().store(content)
        #expect(id == artifactID(of: content))
        let store = try open()
        #expect(try store.bytes(id) == content)
        #expect(store.usedBytes == UInt64(count))
        let manifest = try #require(try store.manifest(id))
        var joined: [UInt8] = []
        for index in manifest.chunks.indices {
            joined += try #require(try store.chunk(index, of: id))
        }
        #expect(joined == content)
        #expect(try store.chunk(manifest.chunks.count, of: id) == nil)
        #expect(try store.bytes(.zero) == nil)
    }

    @Test("a flipped bit on disk is found on reading, and the artifact counts as absent")
    func damage() throws {
        let store = try open()
        let id = try store.store(bytes(2_000_000))
        let file = scratch.file("artifacts/own/" + Hex.encode(id.bytes))
        var data = try Data(contentsOf: URL(filePath: file))
        data[1_500_000] ^= 1
        try data.write(to: URL(filePath: file))
        #expect(try store.chunk(0, of: id)?.count == 1 << 20)
        #expect(throws: StorageError.self) { try store.bytes(id) }
        #expect(!store.contains(id))
    }

    @Test("a download takes only right chunks, resumes, and appears when it is complete")
    func download() throws {
        let content = bytes(2_500_000)
        let manifest = ArtifactManifest(of: content)
        let id = manifest.id
        func chunk(_ index: Int) -> [UInt8] {
            Array(content[(index << 20)..<min(content.count, (index + 1) << 20)])
        }
        do {
            let store = try open()
            let download = try #require(try store.beginDownload(of: id, manifest))
            #expect(try store.beginDownload(of: .zero, manifest) == nil)
            #expect(try download.accept(chunk(2), asChunk: 2))
            #expect(try !download.accept(chunk(2), asChunk: 1))
            #expect(try !download.accept(chunk(0).dropLast(), asChunk: 0))
            #expect(try !download.accept([], asChunk: 3))
            #expect(download.missingChunks == [0, 1])
            #expect(!store.contains(id))
        }
        let store = try open()
        #expect(!store.contains(id))
        let download = try #require(try store.beginDownload(of: id, manifest))
        #expect(download.missingChunks == [0, 1])
        #expect(try download.accept(chunk(1), asChunk: 1))
        #expect(try download.accept(chunk(0), asChunk: 0))
        #expect(download.isComplete)
        try store.finish(download)
        #expect(try store.bytes(id) == content)
        #expect(try open().bytes(id) == content)
    }

    @Test("fetched artifacts make room, unless pinned; own ones never do")
    func quota() throws {
        let store = try open(quota: 3000)
        func fetch(_ seed: UInt64) throws -> ArtifactID {
            let content = bytes(1000, seed: seed)
            let manifest = ArtifactManifest(of: content)
            let download = try #require(try store.beginDownload(of: manifest.id, manifest))
            #expect(try download.accept(content, asChunk: 0))
            try store.finish(download)
            return manifest.id
        }
        let own = try store.store(bytes(1000, seed: 9))
        let first = try fetch(1)
        let second = try fetch(2)
        store.pin(first)
        let third = try fetch(3)
        #expect(store.contains(first) && !store.contains(second) && store.contains(third))
        store.pin(third)
        #expect(throws: StorageError.quotaExceeded(limit: 3000, needed: 4000)) { try fetch(4) }
        store.unpin(first)
        let fourth = try fetch(4)
        #expect(!store.contains(first) && store.contains(own) && store.contains(fourth))
        #expect(store.usedBytes == 3000)
        #expect(throws: StorageError.quotaExceeded(limit: 3000, needed: 3001)) {
            _ = try ArtifactStore(directory: scratch.file("artifacts"), quotaBytes: 3000)
                .store(bytes(2001, seed: 7))
        }
    }
}
