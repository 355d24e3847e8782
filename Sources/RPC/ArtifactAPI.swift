package import Primitives

/// Files by content, as the HTTP server needs them. The node's artifact store stands behind it.
package protocol ArtifactAPI: Sendable {
    /// The artifact's length in bytes; nil if the node does not have it whole.
    func artifactLength(_ id: Digest) async -> UInt64?

    /// Bytes of an artifact that the node has; each chunk is checked before it is given out.
    func artifactBytes(_ id: Digest, offset: UInt64, count: Int) async throws -> [UInt8]

    /// Stores a whole artifact durably and gives its id.
    func storeArtifact(_ bytes: [UInt8]) async throws -> Digest
}
