// Consensus alone among faulty validators: thousands of scenarios a second, because blocks are
// names and signatures are assumed.

import Consensus
import Primitives
import Voting

/// What a scenario showed.
package struct TwinsReport: Sendable, Equatable {
    package let seed: UInt64
    package let violations: [String]
    /// Two honest validators decided different blocks; allowed only with more than a third faulty.
    package let isFork: Bool
    /// How many validators the audit of the honest logs names.
    package let culprits: Int
    /// How many of them by votes against a lock of their own, in different rounds.
    package let amnesiacs: Int
    package let lastRound: UInt32
    package let steps: Int
}

/// Four validators, one of them faulty or, beyond what the algorithm bears, two.
///
/// With one faulty: no fork, and a decision once all messages arrive. With two: a fork names both.
/// Always: nobody honest is named.
package struct TwinsScenario {
    package static let validators = 4
    static let roundsAfterHealing: UInt32 = 16
    static let stepLimit = 20_000

    let seed: UInt64
    let faulty: Int
    let schedule: TwinsSchedule
    let set: ValidatorSet
    var random: SimulationRandom
    var players: [TwinsPlayer] = []
    var blocks = TwinsBlocks()
    var pending: [(message: TwinsMessage, to: Int)] = []
    var lost: [(message: TwinsMessage, to: Int)] = []
    var timers: [(timeout: Timeout, owner: Int)] = []
    var violations: [String] = []
    var isHealed = false
    /// The latest round of an honest player when everything healed.
    var healedIn: UInt32 = 0
    var steps = 0

    /// - Parameters:
    ///   - faulty: how many of the four validators are faulty, 1 or 2.
    ///   - chosen: what all of those do; drawn for each unless told.
    package init(seed: UInt64, faulty: Int, misconduct chosen: Misconduct? = nil) throws {
        var random = SimulationRandom(seed: seed)
        self.seed = seed
        self.faulty = faulty
        let members = try (0..<Self.validators).map { number in
            guard let key = PublicKey([UInt8](repeating: UInt8(number) + 1, count: 32)),
                let address = Address([UInt8](repeating: UInt8(number) + 1, count: 20))
            else { throw SimulationError.setup }
            return Validator(address: address, key: key, power: 1)
        }
        set = try ValidatorSet(members)
        let first = random.index(below: Self.validators)
        for number in 0..<Self.validators {
            let validator = ValidatorIndex(UInt16(number))
            let isFaulty = (number + Self.validators - first) % Self.validators < faulty
            guard isFaulty else {
                players.append(TwinsPlayer(validator, nil, set))
                continue
            }
            // Most are twins: they are the strongest, and need no script.
            let other = Misconduct.allCases[random.index(below: Misconduct.allCases.count)]
            let drawn = random.isOn ? .twin : other
            let misconduct = chosen ?? drawn
            for _ in 0..<(misconduct == .twin ? 2 : 1) {
                players.append(TwinsPlayer(validator, misconduct, set))
            }
        }
        let rounds = Int(random.number(1...7))
        schedule = TwinsSchedule(rounds: rounds, players: players.count, &random)
        self.random = random
    }

    package mutating func run() -> TwinsReport {
        for player in players.indices { give(.start, to: player) }
        while steps < Self.stepLimit, !isOver {
            if !isHealed, players.allSatisfy({ !$0.isHonest || isBeyond($0) }) { heal() }
            if !pending.isEmpty, isHealed || timers.isEmpty || random.number(0...63) > 0 {
                let next = random.index(below: pending.count)
                pending.swapAt(next, pending.count - 1)
                let (message, to) = pending.removeLast()
                deliver(message, to: to)
            } else if isHealed, repair() {
                continue
            } else if !timers.isEmpty {
                fire()
            } else if !isHealed {
                heal()
            } else {
                break
            }
        }
        return judge()
    }

    /// Past the rounds of the schedule, or done.
    private func isBeyond(_ player: TwinsPlayer) -> Bool {
        player.decision != nil || Int(player.consensus.round.value) >= schedule.rounds
    }

    private var isOver: Bool {
        let honest = players.filter(\.isHonest)
        let limit = healedIn + Self.roundsAfterHealing
        return honest.allSatisfy { $0.decision != nil }
            || isHealed && honest.contains { $0.consensus.round.value > limit }
    }

    /// From here on every message arrives, also those that were lost.
    private mutating func heal() {
        isHealed = true
        healedIn = players.filter(\.isHonest).map { $0.consensus.round.value }.max() ?? 0
        pending += lost
        lost = []
    }

    /// Timers of the earliest round first once the network is fast; any before.
    private mutating func fire() {
        var place = random.index(below: timers.count)
        if isHealed {
            let earliest = timers.indices.min {
                timers[$0].timeout.round < timers[$1].timeout.round
            }
            place = earliest ?? place
        }
        let (timeout, owner) = timers.remove(at: place)
        give(.timeout(timeout), to: owner)
    }

    /// What gossip and block sync do between honest nodes: votes that one holds and another lacks
    /// are told again, and a decision is handed on. True if anything was new.
    private mutating func repair() -> Bool {
        let honest = players.indices.filter { players[$0].isHonest }
        if let decision = honest.compactMap({ players[$0].decision }).first {
            for player in honest where players[player].decision == nil {
                players[player].decision = decision
            }
            return true
        }
        var isNews = false
        for from in honest {
            for to in honest where to != from {
                for signed in players[from].log where !players[to].holds(signed.vote) {
                    give(.vote(signed), to: to)
                    if players[to].holds(signed.vote) { isNews = true }
                }
            }
        }
        return isNews
    }

    private mutating func judge() -> TwinsReport {
        let honest = players.filter(\.isHonest)
        let decisions = Set(honest.compactMap(\.decision))
        let isFork = decisions.count > 1
        let audit = ForkAudit(votes: honest.flatMap(\.log), set: set)
        let faults = audit.faults()
        for named in faults where honest.contains(where: { $0.validator == named.validator }) {
            violations.append("an honest validator is named: \(named)")
        }
        if isFork {
            if faulty * 3 < Self.validators { violations.append("a fork") }
            if !set.hasHonest(audit.power(of: faults)) {
                violations.append("a fork names only \(faults.count)")
            }
        } else if faulty * 3 < Self.validators, decisions.isEmpty {
            let rounds = players.map { $0.consensus.round.value }
            violations.append("no decision, rounds \(rounds), healed in \(healedIn)")
        }
        for block in decisions where !blocks.isValid(block) {
            violations.append("an invalid block was decided")
        }
        return TwinsReport(
            seed: seed,
            violations: violations,
            isFork: isFork,
            culprits: faults.count,
            amnesiacs: faults.count { if case .amnesia = $0.fault { true } else { false } },
            lastRound: honest.map { $0.consensus.round.value }.max() ?? 0,
            steps: steps
        )
    }
}
