package import Primitives

/// What a simulation found.
package struct SimulationReport: Sendable, Equatable {
    package let seed: UInt64
    /// Chains every event that happened: equal seeds have to give equal hashes.
    package let trace: Digest
    /// Broken promises, empty when all held. Each names the virtual time.
    package let violations: [String]
    /// The last committed height of each node.
    package let heights: [UInt64]
    package let events: Int
    package let crashes: Int
    package let messages: Int
    package let transfers: Int
    package let evidence: Int
}
