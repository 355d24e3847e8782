// Who is to blame for a fork, from the votes that honest nodes disclose.

import Primitives
package import Voting

/// What a validator signed that the algorithm never signs, given that all honest logs are there.
package enum ConsensusFault: Sendable, Equatable {
    /// Two votes of one kind in one round.
    case equivocation(DuplicateVoteEvidence)
    /// A precommit for a block, and a later prevote for another one that no two thirds of prevotes
    /// in between excuse: L28 would have refused it.
    case amnesia(precommit: SignedVote, prevote: SignedVote)
    /// A precommit for a block that two thirds did not prevote for in its round: L36 makes none.
    case unfounded(precommit: SignedVote)
}

/// Finds the faulty in the votes of one height.
///
/// Of two blocks decided at one height, the first round in which two thirds prevoted for another
/// block than the one decided earlier shares more than a third of the power with the precommits
/// that decided that one. Each of those precommitted the one and prevoted the other without an
/// excuse, or there is no such round and each precommitted without a reason: either way more than
/// a third is named. An honest validator is never named, because what excuses it is in its log.
package struct ForkAudit {
    private struct Support {
        let round: Round
        let block: Digest
        var voters: Set<ValidatorIndex>
    }

    private let set: ValidatorSet
    private let votes: [SignedVote]
    /// Every block that two thirds prevoted for, with the round.
    private let polkas: [(round: Round, block: Digest)]

    /// - Parameter votes: everything that honest nodes have sent and received at one height, in
    ///   any order and with repetitions; the signatures have been checked.
    package init(votes: [SignedVote], set: ValidatorSet) {
        self.set = set
        self.votes = votes.filter { set[$0.vote.validator] != nil }
        var supports: [Support] = []
        for vote in self.votes.map(\.vote) where vote.kind == .prevote {
            guard let block = vote.block else { continue }
            if let place = supports.firstIndex(where: {
                $0.round == vote.round && $0.block == block
            }) {
                supports[place].voters.insert(vote.validator)
            } else {
                supports.append(
                    Support(round: vote.round, block: block, voters: [vote.validator])
                )
            }
        }
        polkas = supports.filter { support in
            let power = set.validators.indices.reduce(UInt64(0)) { sum, index in
                let isVoter = support.voters.contains(ValidatorIndex(UInt16(index)))
                return isVoter ? sum + set.validators[index].power : sum
            }
            return set.isQuorum(power)
        }.map { ($0.round, $0.block) }
    }

    /// The first fault found of every validator that has one, in order of validators.
    package func faults() -> [(validator: ValidatorIndex, fault: ConsensusFault)] {
        set.validators.indices.compactMap { index in
            let validator = ValidatorIndex(UInt16(index))
            let own = votes.filter { $0.vote.validator == validator }
            return fault(in: own).map { (validator, $0) }
        }
    }

    /// The voting power of all that are named.
    package func power(of faults: [(validator: ValidatorIndex, fault: ConsensusFault)]) -> UInt64 {
        faults.reduce(0) { $0 + (set[$1.validator]?.power ?? 0) }
    }

    private func fault(in own: [SignedVote]) -> ConsensusFault? {
        for (place, one) in own.enumerated() {
            for other in own[..<place] {
                if let evidence = DuplicateVoteEvidence(one, other) {
                    return .equivocation(evidence)
                }
            }
        }
        for precommit in own where precommit.vote.kind == .precommit {
            guard let block = precommit.vote.block else { continue }
            if !isPolka(block, in: precommit.vote.round...precommit.vote.round) {
                return .unfounded(precommit: precommit)
            }
            for prevote in own where prevote.vote.kind == .prevote {
                guard prevote.vote.round > precommit.vote.round, let other = prevote.vote.block,
                    other != block,
                    !isPolka(other, in: precommit.vote.round..<prevote.vote.round)
                else { continue }
                return .amnesia(precommit: precommit, prevote: prevote)
            }
        }
        return nil
    }

    private func isPolka(_ block: Digest, in rounds: some RangeExpression<Round>) -> Bool {
        polkas.contains { $0.block == block && rounds.contains($0.round) }
    }
}
