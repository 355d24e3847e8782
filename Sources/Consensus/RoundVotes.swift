package import Primitives
package import Voting

/// The votes of one kind in one round, with the weight behind each block.
///
/// Invariants: a validator counts once, with the vote that came first; `weight` is the sum of
/// `choices`' weights and at most the set's total.
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

    /// By validator index.
    package private(set) var votes: [SignedVote?]
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

    /// Takes a validator's vote out again, to keep to a limit of memory.
    mutating func remove(_ validator: ValidatorIndex, power: UInt64) {
        let index = Int(validator.value)
        guard let signed = votes[index] else { return }
        votes[index] = nil
        weight -= power
        for place in choices.indices where choices[place].block == signed.vote.block {
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

    /// The votes for `block`, in validator order.
    package func votes(for block: Digest?) -> [SignedVote] {
        votes.compactMap { $0 }.filter { $0.vote.block == block }
    }

    package var all: [SignedVote] { votes.compactMap { $0 } }
}
