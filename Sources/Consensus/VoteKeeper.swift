// Counts the votes of one height. Signatures are checked before a vote arrives; this file counts
// weight, tells when thresholds are reached, and notices who votes twice.

package import Primitives
package import Voting

/// Invariant: memory is bounded by the rounds that were really entered and by
/// `laterRoundLimit` further rounds a validator.
package struct VoteKeeper: Sendable {
    package enum Verdict: Sendable, Equatable {
        case counted
        case repeated
        case conflicting(DuplicateVoteEvidence)
        case ignored(Reason)
    }

    package enum Reason: Sendable, Equatable {
        case otherHeight(Height)
        case unknownValidator(ValidatorIndex)
        /// The validator already has votes in as many later rounds as are kept.
        case tooManyRounds(Round)
    }

    private struct Entry: Sendable {
        let round: Round
        var prevotes: RoundVotes
        var precommits: RoundVotes

        subscript(kind: Vote.Kind) -> RoundVotes {
            get { kind == .prevote ? prevotes : precommits }
            set { if kind == .prevote { prevotes = newValue } else { precommits = newValue } }
        }
    }

    /// Rounds beyond the next one in which one validator's votes are kept. A validator that
    /// speaks of more loses its earliest ones: a node that is far behind needs the newest.
    package static let laterRoundLimit = 4

    package let height: Height
    package let set: ValidatorSet
    /// Ascending by round.
    private var entries: [Entry] = []

    package init(height: Height, set: ValidatorSet) {
        self.height = height
        self.set = set
    }

    /// Counts a vote whose signature is valid.
    ///
    /// - Parameter current: the round that this node is in.
    package mutating func add(_ signed: SignedVote, current: Round) -> Verdict {
        let vote = signed.vote
        guard vote.height == height else { return .ignored(.otherHeight(vote.height)) }
        guard let validator = set[vote.validator] else {
            return .ignored(.unknownValidator(vote.validator))
        }
        if let round = votes(vote.kind, in: vote.round), let earlier = round[vote.validator] {
            guard !round.holds(vote), let evidence = DuplicateVoteEvidence(earlier, signed) else {
                return .repeated
            }
            entries[insertionPoint(vote.round)][vote.kind]
                .add(conflicting: signed, power: validator.power)
            return .conflicting(evidence)
        }
        guard makeRoom(for: vote, power: validator.power, beyond: current.next) else {
            return .ignored(.tooManyRounds(vote.round))
        }
        let place = insertionPoint(vote.round)
        if place == entries.count || entries[place].round != vote.round {
            let empty = RoundVotes(count: set.count)
            entries.insert(
                Entry(round: vote.round, prevotes: empty, precommits: empty),
                at: place
            )
        }
        entries[place][vote.kind].add(signed, power: validator.power)
        return .counted
    }

    package func votes(_ kind: Vote.Kind, in round: Round) -> RoundVotes? {
        let place = insertionPoint(round)
        guard place < entries.count, entries[place].round == round else { return nil }
        return entries[place][kind]
    }

    package func level(_ kind: Vote.Kind, in round: Round) -> RoundVotes.Level {
        votes(kind, in: round)?.level(in: set) ?? .tooFew
    }

    /// L55: the latest round after `current` in which more than a third of the power has voted.
    /// A validator's prevote and precommit count once.
    package func laterRound(than current: Round) -> Round? {
        entries.last { $0.round > current && set.hasHonest(speakers($0)) }?.round
    }

    /// L49: rounds whose precommits agree on a block, ascending.
    package var decisions: [(round: Round, block: Digest)] {
        entries.compactMap { entry in
            guard case .agreed(let block?) = entry.precommits.level(in: set) else { return nil }
            return (entry.round, block)
        }
    }

    private func speakers(_ entry: Entry) -> UInt64 {
        var weight: UInt64 = 0
        for (index, validator) in set.validators.enumerated()
        where entry.prevotes.votes[index] != nil || entry.precommits.votes[index] != nil {
            weight += validator.power
        }
        return weight
    }

    /// Keeps a validator's votes beyond `near` to `laterRoundLimit` rounds. False when the vote
    /// is itself of the earliest of too many.
    private mutating func makeRoom(for vote: Vote, power: UInt64, beyond near: Round) -> Bool {
        guard vote.round > near else { return true }
        let places = entries.indices.filter { place in
            entries[place].round > near
                && (entries[place].prevotes[vote.validator] != nil
                    || entries[place].precommits[vote.validator] != nil)
        }
        guard places.count >= Self.laterRoundLimit, let earliest = places.first,
            !places.contains(where: { entries[$0].round == vote.round })
        else { return true }
        guard entries[earliest].round < vote.round else { return false }
        entries[earliest].prevotes.remove(vote.validator, power: power)
        entries[earliest].precommits.remove(vote.validator, power: power)
        if entries[earliest].prevotes.weight == 0, entries[earliest].precommits.weight == 0 {
            entries.remove(at: earliest)
        }
        return true
    }

    /// The first place whose round is not below `round`.
    private func insertionPoint(_ round: Round) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].round < round { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
