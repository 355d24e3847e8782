// One validator's part of algorithm 1 of "The latest gossip on BFT consensus" (Buchman, Kwon,
// Milosevic, arXiv 1807.04938): step, lock and valid value of one height. It trusts its driver to
// raise events only when their conditions hold, and knows no votes, signatures or time.

package import Primitives
package import Voting

/// Invariants: `round` never falls; `locked` and `valid` are of rounds up to `round`, and `valid`
/// is never older than `locked`; within one round at most one prevote and one precommit come out.
package struct RoundMachine: Sendable, Equatable {
    package enum Step: UInt8, Sendable, Hashable, Comparable {
        case newRound, propose, prevote, precommit, decided

        package static func < (left: Step, right: Step) -> Bool { left.rawValue < right.rawValue }
    }

    /// A block and the round whose prevotes support it.
    package struct Supported: Sendable, Equatable {
        package let round: Round
        package let block: Digest

        package init(round: Round, block: Digest) {
            self.round = round
            self.block = block
        }
    }

    package private(set) var round = Round.zero
    package private(set) var step = Step.newRound
    /// lockedRound and lockedValue of the paper; nil stands for -1.
    package private(set) var locked: Supported?
    /// validRound and validValue of the paper; nil stands for -1.
    package private(set) var valid: Supported?

    // "for the first time" of L34, L36 and L47, and the one answer to L18.
    package private(set) var hasScheduledPrevote = false
    package private(set) var hasScheduledPrecommit = false
    package private(set) var hasSeenPolka = false
    private var isBuilding = false

    package init() {}

    package mutating func apply(_ event: RoundEvent) -> [RoundOutput] {
        switch (step, event) {
        case (.decided, _): return []
        case (_, .start(let next, let isProposer)): return start(next, isProposer)  // L11
        case (.propose, .built(let block)): return answerBuild(block)  // L18
        case (.propose, .proposal(let block, let isValid)):  // L22
            return prevote(isValid && isUnlockedFor(block) ? block : nil)
        case (.propose, .proposalWithEarlierPolka(let block, let validRound, let isValid)):  // L28
            let mayVote = isUnlockedFor(block) || isLocked(notAfter: validRound)
            return prevote(isValid && mayVote ? block : nil)
        case (.propose, .timeout(.propose)): return prevote(nil)  // L57
        case (.prevote, .polkaAny): return schedulePrevote()  // L34
        case (.prevote, .polkaNil): return precommit(nil)  // L44
        case (.prevote, .timeout(.prevote)): return precommit(nil)  // L61
        case (.prevote, .proposalWithPolka(let block)),  // L36
            (.precommit, .proposalWithPolka(let block)):
            return seePolka(block)
        case (_, .precommitAny): return schedulePrecommit()  // L47
        case (_, .proposalWithPrecommits(let round, let block)): return decide(round, block)  // L49
        case (_, .laterRound(let later)): return later > round ? [.enter(later)] : []  // L55
        case (_, .timeout(.precommit)): return [.enter(round.next)]  // L65
        default: return []
        }
    }

    /// L12 to L21. The paper's proposer sets no timer; ours does, because building is an effect
    /// that may fail.
    private mutating func start(_ next: Round, _ isProposer: Bool) -> [RoundOutput] {
        guard next > round || step == .newRound else { return [] }
        round = next
        step = .propose
        (hasScheduledPrevote, hasScheduledPrecommit, hasSeenPolka) = (false, false, false)
        isBuilding = false
        guard isProposer else { return [.schedule(.propose)] }
        if let valid {
            return [.schedule(.propose), .propose(valid.block, validRound: valid.round)]
        }
        isBuilding = true
        return [.schedule(.propose), .build(next)]
    }

    private mutating func answerBuild(_ block: Digest) -> [RoundOutput] {
        guard isBuilding else { return [] }
        isBuilding = false
        return [.propose(block, validRound: nil)]
    }

    private mutating func prevote(_ block: Digest?) -> [RoundOutput] {
        step = .prevote
        return [.vote(.prevote, block)]
    }

    private mutating func precommit(_ block: Digest?) -> [RoundOutput] {
        step = .precommit
        return [.vote(.precommit, block)]
    }

    private mutating func schedulePrevote() -> [RoundOutput] {
        guard !hasScheduledPrevote else { return [] }
        hasScheduledPrevote = true
        return [.schedule(.prevote)]
    }

    private mutating func schedulePrecommit() -> [RoundOutput] {
        guard !hasScheduledPrecommit else { return [] }
        hasScheduledPrecommit = true
        return [.schedule(.precommit)]
    }

    /// L37 to L43.
    private mutating func seePolka(_ block: Digest) -> [RoundOutput] {
        guard !hasSeenPolka else { return [] }
        hasSeenPolka = true
        let support = Supported(round: round, block: block)
        valid = support
        guard step == .prevote else { return [] }
        locked = support
        return precommit(block)
    }

    private mutating func decide(_ round: Round, _ block: Digest) -> [RoundOutput] {
        step = .decided
        return [.decide(round, block)]
    }

    /// lockedRound = -1, or lockedValue = v.
    private func isUnlockedFor(_ block: Digest) -> Bool {
        locked.map { $0.block == block } ?? true
    }

    /// lockedRound <= vr.
    private func isLocked(notAfter validRound: Round) -> Bool {
        locked.map { $0.round <= validRound } ?? true
    }
}
