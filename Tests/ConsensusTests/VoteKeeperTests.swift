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

    @Test("counting agrees with a naive recount over random votes", arguments: UInt64(0)..<20)
    func naive(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let powers = (0..<7).map { _ in UInt64.random(in: 1...9, using: &generator) }
        var keeper = try keeper(powers)
        var first: [Vote] = []
        for _ in 0..<120 {
            let block: Digest? = [Table.a, Table.b, nil].randomElement(using: &generator) ?? nil
            let vote = Table.vote(
                Bool.random(using: &generator) ? .prevote : .precommit,
                block,
                by: UInt16.random(in: 0..<7, using: &generator),
                round: UInt32.random(in: 0..<2, using: &generator)
            )
            _ = keeper.add(SignedVote(vote: vote, signature: .zero), current: .zero)
            let isNew = !first.contains {
                $0.kind == vote.kind && $0.round == vote.round && $0.validator == vote.validator
            }
            if isNew { first.append(vote) }
            let same = first.filter { $0.kind == vote.kind && $0.round == vote.round }
            let total = powers.reduce(0, +)
            func weigh(_ votes: [Vote]) -> UInt64 {
                votes.map { powers[Int($0.validator.value)] }.reduce(0, +)
            }
            var expected: RoundVotes.Level = 3 * weigh(same) > 2 * total ? .divided : .tooFew
            for choice in [Table.a, Table.b, nil] as [Digest?]
            where 3 * weigh(same.filter { $0.block == choice }) > 2 * total {
                expected = .agreed(choice)
            }
            #expect(keeper.level(vote.kind, in: vote.round) == expected, "seed \(seed)")
        }
    }
}
