import Consensus
import Primitives
import TestSupport
import Testing
import Voting

@Suite("Vote keeper")
struct VoteKeeperTests {
    private func keeper(_ powers: [UInt64] = [1, 1, 1, 1]) throws -> VoteKeeper {
        VoteKeeper(height: Table.height, set: try Table.set(powers))
    }

    @Test("votes of another height or an unknown validator are not counted")
    func strangers() throws {
        var keeper = try keeper()
        let elsewhere = Table.vote(.prevote, nil, by: 0, height: Height(8))
        #expect(
            keeper.add(SignedVote(vote: elsewhere, signature: .zero), current: .zero)
                == .ignored(.otherHeight(Height(8)))
        )
        #expect(
            keeper.add(Table.signed(.prevote, nil, by: 4), current: .zero)
                == .ignored(.unknownValidator(ValidatorIndex(4)))
        )
    }

    @Test("weight counts, not heads")
    func weight() throws {
        var keeper = try keeper([10, 10, 10, 70])
        #expect(keeper.add(Table.signed(.prevote, Table.a, by: 3), current: .zero) == .counted)
        #expect(keeper.level(.prevote, in: .zero) == .agreed(Table.a))
        #expect(keeper.level(.precommit, in: .zero) == .tooFew)
    }

    @Test("exactly two thirds decide nothing")
    func exactlyTwoThirds() throws {
        var keeper = try keeper([1, 1, 1])
        for validator in UInt16(0)..<2 {
            _ = keeper.add(Table.signed(.precommit, Table.a, by: validator), current: .zero)
        }
        #expect(keeper.level(.precommit, in: .zero) == .tooFew)
        _ = keeper.add(Table.signed(.precommit, Table.b, by: 2), current: .zero)
        #expect(keeper.level(.precommit, in: .zero) == .divided)
    }

    @Test("a validator that speaks of many later rounds keeps its newest ones")
    func laterRounds() throws {
        var keeper = try keeper()
        for round in UInt32(2)..<40 {
            #expect(
                keeper.add(Table.signed(.prevote, nil, by: 0, round: round), current: .zero)
                    == .counted
            )
        }
        let kept = (UInt32(0)..<40).filter { keeper.votes(.prevote, in: Round($0)) != nil }
        #expect(kept == Array(UInt32(40) - UInt32(VoteKeeper.laterRoundLimit)..<40))
        #expect(
            keeper.add(Table.signed(.prevote, nil, by: 0, round: 3), current: .zero)
                == .ignored(.tooManyRounds(Round(3)))
        )
        #expect(
            keeper.add(Table.signed(.prevote, nil, by: 1, round: 3), current: .zero) == .counted
        )
    }

    @Test("a conflicting vote counts for its block once others have named it, and once in the sum")
    func conflictingVote() throws {
        var keeper = try keeper()
        let (first, second) = (
            Table.signed(.prevote, Table.a, by: 0), Table.signed(.prevote, Table.b, by: 0)
        )
        let evidence = try #require(DuplicateVoteEvidence(first, second))
        #expect(keeper.add(first, current: .zero) == .counted)
        #expect(keeper.add(second, current: .zero) == .conflicting(evidence))
        #expect(keeper.votes(.prevote, in: .zero)?.votes(for: Table.b) == [])
        for validator in UInt16(1)...2 {
            _ = keeper.add(Table.signed(.prevote, Table.b, by: validator), current: .zero)
        }
        #expect(keeper.level(.prevote, in: .zero) == .divided)
        #expect(keeper.add(second, current: .zero) == .conflicting(evidence))
        #expect(keeper.level(.prevote, in: .zero) == .agreed(Table.b))
        #expect(keeper.votes(.prevote, in: .zero)?.weight == 3)
        #expect(keeper.add(second, current: .zero) == .repeated)
    }

    @Test(
        "counting agrees with a naive recount over random votes, one validator voting at will",
        arguments: UInt64(0)..<20
    )
    func naive(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let powers = [1] + (0..<6).map { _ in UInt64.random(in: 1...9, using: &generator) }
        var keeper = try keeper(powers)
        var counted: [Vote] = []
        for _ in 0..<120 {
            let block: Digest? = [Table.a, Table.b, nil].randomElement(using: &generator) ?? nil
            let vote = Table.vote(
                Bool.random(using: &generator) ? .prevote : .precommit,
                block,
                by: UInt16.random(in: 0..<7, using: &generator),
                round: UInt32.random(in: 0..<2, using: &generator)
            )
            let beside = counted.filter { $0.kind == vote.kind && $0.round == vote.round }
            let own = beside.filter { $0.validator == vote.validator }
            if !own.isEmpty && vote.validator != ValidatorIndex(0) { continue }
            _ = keeper.add(SignedVote(vote: vote, signature: .zero), current: .zero)
            if own.isEmpty || !own.contains(vote) && beside.contains(where: { $0.block == block }) {
                counted.append(vote)
            }
            #expect(
                keeper.level(vote.kind, in: vote.round) == recount(counted, like: vote, powers),
                "seed \(seed)"
            )
        }
    }

    private func recount(_ counted: [Vote], like vote: Vote, _ powers: [UInt64])
        -> RoundVotes.Level
    {
        let same = counted.filter { $0.kind == vote.kind && $0.round == vote.round }
        func isQuorum(_ votes: [Vote]) -> Bool {
            let voters = Set(votes.map { Int($0.validator.value) })
            return 3 * voters.map { powers[$0] }.reduce(0, +) > 2 * powers.reduce(0, +)
        }
        for choice in [Table.a, Table.b, nil] as [Digest?]
        where isQuorum(same.filter { $0.block == choice }) {
            return .agreed(choice)
        }
        return isQuorum(same) ? .divided : .tooFew
    }
}
