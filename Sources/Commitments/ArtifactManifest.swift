// Files outside the chain, named by what is in them.

import Cryptography
package import Primitives

/// The digest of an artifact's length and chunk tree.
package typealias ArtifactID = Digest

/// The list of an artifact's chunk digests. Whoever holds an id checks a manifest against it, and
/// then every chunk alone, in any order and from any source.
///
/// Invariant: as many chunks as the length needs; only the last one is short.
package struct ArtifactManifest: Sendable, Hashable {
    package static let chunkBytes = 1_048_576
    /// 16 GiB.
    package static let chunkLimit = 16_384

    package let length: UInt64
    package let chunks: [Digest]

    /// Returns nil when the number of chunks does not fit the length, or is over the limit.
    package init?(length: UInt64, chunks: [Digest]) {
        guard Self.chunkCount(length: length) == chunks.count else { return nil }
        self.length = length
        self.chunks = chunks
    }

    /// - Precondition: at most `chunkLimit` chunks of bytes.
    package init(of bytes: [UInt8]) {
        precondition(bytes.count <= Self.chunkLimit * Self.chunkBytes)
        length = UInt64(bytes.count)
        chunks = stride(from: 0, to: bytes.count, by: Self.chunkBytes).map { start in
            let end = min(start + Self.chunkBytes, bytes.count)
            return Self.digest(ofChunk: Array(bytes[start..<end]))
        }
    }

    package var id: ArtifactID {
        var writer = BorshWriter()
        writer.write(length)
        writer.write(outputRoot(of: chunks))
        return taggedHash(CommitmentTag.artifact, writer.bytes)
    }

    package static func digest(ofChunk bytes: [UInt8]) -> Digest {
        taggedHash(CommitmentTag.chunk, bytes)
    }

    /// The exact size of a chunk, or nil when there is no such chunk.
    package func byteCount(ofChunk index: Int) -> Int? {
        guard chunks.indices.contains(index) else { return nil }
        let start = UInt64(index) * UInt64(Self.chunkBytes)
        return Int(min(length - start, UInt64(Self.chunkBytes)))
    }

    /// True when `bytes` are chunk `index`.
    package func accepts(_ bytes: [UInt8], asChunk index: Int) -> Bool {
        byteCount(ofChunk: index) == bytes.count && Self.digest(ofChunk: bytes) == chunks[index]
    }

    private static func chunkCount(length: UInt64) -> Int? {
        let size = UInt64(chunkBytes)
        let count = length / size + (length % size == 0 ? 0 : 1)
        return count <= UInt64(chunkLimit) ? Int(count) : nil
    }
}

extension ArtifactManifest: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(length)
        writer.writeArray(chunks)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        length = try reader.readUInt64()
        chunks = try reader.readArray(limit: Self.chunkLimit)
        try reader.require(Self.chunkCount(length: length) == chunks.count, "chunks")
    }
}

/// The id of an artifact that is wholly in memory.
package func artifactID(of bytes: [UInt8]) -> ArtifactID { ArtifactManifest(of: bytes).id }
