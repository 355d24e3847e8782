package import Primitives
package import Voting

/// The votes of one kind in one round, with the weight behind each block.
///
/// As in the paper, a faulty validator's power counts for every block that it voted for, and once
/// in the sum of all: an honest node may have locked a block with its help, and must be able to
/// show others those votes although they heard a different one first. Two blocks still cannot both
/// have two thirds, because honest validators vote once.
///
/// Invariants: `weight` counts each validator once and is at most the set's total; `conflicts`
/// holds no vote twice and only votes for blocks that some validator named first, so that one
/// validator adds at most one vote for each of those.
package struct RoundVotes: Sendable {
    /// What the votes amount to.
    package enum Level: Sendable, Equatable {
        /// More than two thirds for one block, or for none (nil).
        case agreed(Digest?)
        /// More than two thirds, divided.
        case divided
        case tooFew
    }

    private struct Choice: Sendable {
        let block: Digest?
        var weight: UInt64
    }

    /// By validator index: the vote that came first.
    package private(set) var votes: [SignedVote?]
    /// Further votes of validators that voted more than once.
    private var conflicts: [SignedVote] = []
    package private(set) var weight: UInt64 = 0
    private var choices: [Choice] = []

    init(count: Int) { votes = [SignedVote?](repeating: nil, count: count) }

    /// - Precondition: the validator is in the set and has no vote here.
    mutating func add(_ signed: SignedVote, power: UInt64) {
        let index = Int(signed.vote.validator.value)
        precondition(votes[index] == nil)
        votes[index] = signed
        weight += power
        let block = signed.vote.block
        if let place = choices.firstIndex(where: { $0.block == block }) {
            choices[place].weight += power
        } else {
            choices.append(Choice(block: block, weight: power))
        }
    }

    /// Counts a validator's further vote for its block, if others have named that block. What is
    /// not counted yet arrives again: see gossip.
    ///
    /// - Precondition: the validator has voted here, and not like this.
    mutating func add(conflicting signed: SignedVote, power: UInt64) {
        precondition(!holds(signed.vote))
        guard let place = choices.firstIndex(where: { $0.block == signed.vote.block }) else {
            return
        }
        choices[place].weight += power
        conflicts.append(signed)
    }

    /// Whether exactly this vote is counted.
    package func holds(_ vote: Vote) -> Bool {
        self[vote.validator]?.vote == vote || conflicts.contains { $0.vote == vote }
    }

    /// Takes a validator's votes out again, to keep to a limit of memory.
    mutating func remove(_ validator: ValidatorIndex, power: UInt64) {
        let index = Int(validator.value)
        guard let first = votes[index] else { return }
        let all = [first] + conflicts.filter { $0.vote.validator == validator }
        votes[index] = nil
        conflicts.removeAll { $0.vote.validator == validator }
        weight -= power
        for place in choices.indices
        where all.contains(where: { $0.vote.block == choices[place].block }) {
            choices[place].weight -= power
        }
        choices.removeAll { $0.weight == 0 }
    }

    package func level(in set: ValidatorSet) -> Level {
        for choice in choices where set.isQuorum(choice.weight) { return .agreed(choice.block) }
        return set.isQuorum(weight) ? .divided : .tooFew
    }

    package subscript(validator: ValidatorIndex) -> SignedVote? {
        let index = Int(validator.value)
        return index < votes.count ? votes[index] : nil
    }

    /// The votes for `block`, one a validator.
    package func votes(for block: Digest?) -> [SignedVote] {
        (votes.compactMap { $0 } + conflicts).filter { $0.vote.block == block }
    }

    package var all: [SignedVote] { votes.compactMap { $0 } }
}
