package import Commitments

/// Where the files that the chain names come from: a node's own store, its peers, or a node's RPC.
package protocol ArtifactSource: Sendable {
    /// The whole artifact, checked against its id.
    /// - Throws: when it cannot be had in time.
    func artifact(_ id: ArtifactID) async throws -> [UInt8]
}

/// The committed state, as whoever assembles a claim sees it.
package protocol ChainState: Sendable {
    /// The value of a key of the state (see `StateKey`).
    func value(_ key: [UInt8]) async throws -> [UInt8]?
}
