package import Primitives

/// How much happened in a simulation.
package struct SimulationCounts: Sendable, Equatable {
    package internal(set) var events = 0
    package internal(set) var crashes = 0
    package internal(set) var messages = 0
    package internal(set) var transfers = 0
    package internal(set) var evidence = 0
    /// Writes that a full disk refused.
    package internal(set) var refusedWrites = 0
    /// Bits that flipped in stored blocks.
    package internal(set) var flips = 0

    /// Sets, keys in force and terms in jail that were new, summed over all nodes.
    package internal(set) var setChanges = 0
    package internal(set) var keyChanges = 0
    package internal(set) var jails = 0
    /// How often a node stopped before a protocol version that it does not know.
    package internal(set) var stops = 0

    package init() {}

    package func adding(_ other: SimulationCounts) -> SimulationCounts {
        var sum = self
        sum.events += other.events
        sum.crashes += other.crashes
        sum.messages += other.messages
        sum.transfers += other.transfers
        sum.evidence += other.evidence
        sum.refusedWrites += other.refusedWrites
        sum.flips += other.flips
        sum.setChanges += other.setChanges
        sum.keyChanges += other.keyChanges
        sum.jails += other.jails
        sum.stops += other.stops
        return sum
    }
}

/// What a simulation found.
package struct SimulationReport: Sendable, Equatable {
    package let seed: UInt64
    /// Chains every event that happened: equal seeds have to give equal hashes.
    package let trace: Digest
    /// Broken promises, empty when all held. Each names the virtual time.
    package let violations: [String]
    /// The last committed height of each node.
    package let heights: [UInt64]
    package let counts: SimulationCounts
    /// From the submission of each transfer to its block at the same node, before the healing, in
    /// virtual milliseconds.
    package let finality: [UInt64]
}
