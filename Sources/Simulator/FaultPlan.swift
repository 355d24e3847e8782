import Primitives

/// Something that comes and goes.
package struct Recurrence: Sendable, Equatable {
    /// The quiet time before it comes, and how long it stays, in milliseconds.
    package var pause: ClosedRange<UInt64>
    package var length: ClosedRange<UInt64>

    package init(pause: ClosedRange<UInt64>, length: ClosedRange<UInt64>) {
        self.pause = pause
        self.length = length
    }

    static func drawn(
        _ random: inout SimulationRandom,
        pause: UInt64,
        length: UInt64
    ) -> Recurrence {
        Recurrence(
            pause: 100...random.number(200...pause),
            length: 100...random.number(200...length)
        )
    }
}

/// What goes wrong in one simulation, all of it drawn from the seed.
///
/// Every kind of fault is on in one half of the seeds and off in the other, independently: a
/// search that always does everything rarely does anything for long (swarm testing, Groce et al.
/// 2012).
package struct FaultPlan: Sendable {
    package var validators = 4

    /// Of a thousand messages, how many are lost, arrive twice, or come twenty times as late.
    package var lossPerMille: UInt64 = 0
    package var duplicatePerMille: UInt64 = 0
    package var stragglerPerMille: UInt64 = 0
    /// A message takes between these, so messages overtake each other.
    package var delayMilliseconds: ClosedRange<UInt64> = 5...5
    /// Links that carry nothing, in one direction or in both.
    package var partitions: Recurrence?

    /// Of a thousand steps of a node, how many end in a crash in the middle of their effects.
    package var crashPerMille: UInt64 = 0
    package var restartMilliseconds: ClosedRange<UInt64> = 1...1
    /// A crash may cut the unsynced tail of the log within an entry, and spoil what is left of it.
    package var tearsTail = false
    /// How long a synchronised write takes.
    package var syncMilliseconds: ClosedRange<UInt64> = 0...0
    /// A disk that takes no more bytes: the node stops at its next write.
    package var fullDisks: Recurrence?
    /// A flipped bit in a stored block of the first node.
    package var flips: Recurrence?

    /// How far a clock is ahead or behind, at most.
    package var skewMilliseconds: UInt64 = 0
    /// A clock that stands still.
    package var freezes: Recurrence?
    /// The first node's clock is an hour off until the network heals.
    package var hasWildClock = false

    /// What the last validator does against the rules.
    package var misconduct: Misconduct?
    /// What stays broken when everything else heals, for as many nodes as may be faulty.
    package var casualty: Casualty?

    /// Validators join, leave, change their keys and commissions, and go to jail and back.
    package var hasStaking = false
    /// They also ask for a new protocol version, which the first node does not know.
    package var hasUpgrade = false

    /// Nothing goes wrong, and messages arrive in order.
    package static let calm = FaultPlan()

    static func drawn(_ random: inout SimulationRandom, misconduct: Misconduct??) -> FaultPlan {
        var plan = FaultPlan()
        plan.validators = Int(random.number(4...7))
        plan.drawNetwork(&random)
        plan.drawNodes(&random)
        switch misconduct {
        case .some(let chosen): plan.misconduct = chosen
        case .none:
            if random.happens(perMille: 500) {
                plan.misconduct =
                    Misconduct.allCases[
                        random.index(below: Misconduct.allCases.count)
                    ]
            }
        }
        plan.drawStaking(&random)
        return plan
    }

    /// Where the set changes, everyone is honest and comes back in the end: how many may be faulty
    /// is not the genesis's to say.
    private mutating func drawStaking(_ random: inout SimulationRandom) {
        guard misconduct == nil, random.isOn else { return }
        hasStaking = true
        hasUpgrade = random.happens(perMille: 300)
        casualty = nil
    }

    private mutating func drawNetwork(_ random: inout SimulationRandom) {
        delayMilliseconds = 1...random.number(5...120)
        if random.isOn { lossPerMille = random.number(1...200) }
        if random.isOn { duplicatePerMille = random.number(1...100) }
        if random.isOn { stragglerPerMille = random.number(1...30) }
        if random.isOn { partitions = .drawn(&random, pause: 3_000, length: 2_500) }
    }

    private mutating func drawNodes(_ random: inout SimulationRandom) {
        if random.isOn {
            crashPerMille = random.number(1...8)
            restartMilliseconds = 100...random.number(200...2_500)
        }
        tearsTail = random.isOn
        if random.isOn { syncMilliseconds = 0...random.number(1...60) }
        if random.isOn { fullDisks = .drawn(&random, pause: 4_000, length: 1_000) }
        if random.isOn { flips = .drawn(&random, pause: 1_000, length: 300) }
        if random.isOn { skewMilliseconds = random.number(1...400) }
        if random.isOn { freezes = .drawn(&random, pause: 3_000, length: 1_500) }
        hasWildClock = random.happens(perMille: 150)
        if random.isOn {
            casualty = Casualty.allCases[random.index(below: Casualty.allCases.count)]
        }
    }
}

/// What a node may suffer for good.
package enum Casualty: Sendable, CaseIterable {
    /// Does not run.
    case dead
    /// Sends, and hears nothing.
    case deaf
    /// Hears, and nothing that it sends arrives.
    case mute
    /// Runs with a clock that is an hour off.
    case wildClock
}

/// What a faulty validator does.
package enum Misconduct: Sendable, CaseIterable {
    /// Runs twice with one key and no guard record, and signs whatever comes.
    case twin
    /// Tells some peers a different vote.
    case equivocator
    /// Tells each peer one vote and no other, and half of them a different one.
    case twoFaced
    /// Sends every other message to nobody.
    case withholder
    /// Signs its votes again for earlier and later rounds and heights.
    case timeTraveller
    /// Signs proposals of blocks that it has spoilt.
    case invalidProposer
    /// Flips bits in what it sends.
    case garbler
    /// Loses its log and its guard record in every crash.
    case amnesiac
}
