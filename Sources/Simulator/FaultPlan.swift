import Primitives

/// What goes wrong in one simulation, all of it drawn from the seed.
package struct FaultPlan: Sendable {
    /// Of a thousand messages, how many are lost, and how many arrive twice.
    package var lossPerMille: UInt64
    package var duplicatePerMille: UInt64
    /// A message takes between these, so messages overtake each other.
    package var delayMilliseconds: ClosedRange<UInt64>
    /// Of a thousand steps of a node, how many end in a crash in the middle of their effects.
    package var crashPerMille: UInt64
    package var restartMilliseconds: ClosedRange<UInt64>
    /// How long the network is split now and then; an empty range for never.
    package var partitionMilliseconds: ClosedRange<UInt64>
    package var partitionEveryMilliseconds: UInt64
    /// How far clocks are ahead, at most.
    package var skewMilliseconds: UInt64
    /// The last validator runs twice with one key and no guard record, and signs whatever comes.
    package var hasTwin: Bool

    /// Nothing goes wrong, and messages arrive in order.
    package static let calm = FaultPlan(
        lossPerMille: 0,
        duplicatePerMille: 0,
        delayMilliseconds: 5...5,
        crashPerMille: 0,
        restartMilliseconds: 1...1,
        partitionMilliseconds: 0...0,
        partitionEveryMilliseconds: 0,
        skewMilliseconds: 0,
        hasTwin: false
    )

    static func drawn(_ random: inout SimulationRandom, hasTwin: Bool) -> FaultPlan {
        let slowest = random.number(5...120)
        let isSplit = random.happens(perMille: 500)
        return FaultPlan(
            lossPerMille: random.number(0...200),
            duplicatePerMille: random.number(0...100),
            delayMilliseconds: 1...slowest,
            crashPerMille: random.number(0...8),
            restartMilliseconds: 100...random.number(200...2_500),
            partitionMilliseconds: 200...random.number(300...2_500),
            partitionEveryMilliseconds: isSplit ? random.number(800...3_000) : 0,
            skewMilliseconds: random.number(0...400),
            hasTwin: hasTwin
        )
    }
}
