import Consensus
import Primitives
import Testing
import Voting

/// Replays the Quint model of the vote keeper against ours.
///
/// Where the rules differ: the model emits each threshold once, when it is crossed; ours tells
/// the level whenever asked. The test emits a level that is new. The model learns a validator's
/// weight with its vote and may leave some weight unheard; the test adds a silent validator for it.
/// The model of `7caef155` once spells alice "alive"; the test reads it as the same validator.
@Suite("Quint traces of the vote keeper")
struct QuintVoteTests {
    private struct Ballot {
        let voter: String
        let weight: UInt64
        let kind: Vote.Kind
        let round: Int
        let value: String
    }

    private static let names = [
        "7caef155_voteBookkeeper_polkaAnyTest_6", "7caef155_voteBookkeeper_polkaNilTest_7",
        "7caef155_voteBookkeeper_synchronousConsensusTest_5",
        "voteBookkeeper_noSkipQuorumMixedVotesSameValTest",
        "voteBookkeeper_noSkipSmallQuorumMixedVotesSameValTest", "voteBookkeeper_polkaAnyTest",
        "voteBookkeeper_polkaNilTest", "voteBookkeeper_skipQuorumMixedVotesTwoValsTest",
        "voteBookkeeper_skipQuorumSinglePrecommitTest",
        "voteBookkeeper_skipQuorumSinglePrevoteTest",
        "voteBookkeeper_skipSmallQuorumAllPrevotesTest",
        "voteBookkeeper_skipSmallQuorumMixedVotesTwoValsTest",
        "voteBookkeeper_synchronousConsensusTest",
    ]

    @Test("every threshold of the trace is ours", arguments: names)
    func replay(name: String) throws {
        guard let trace = try QuintTrace(name) else { return }
        let keeperName = "bookkeeper"
        let first = try #require(trace.states.first?.variable(keeperName) as? [String: Any])
        let total = UInt64(try #require(first.integer("totalWeight")))
        let height = Height(UInt64(try #require(first.integer("height"))))
        let ballots = trace.states.indices.map { ballot(trace.states, $0) }
        let voters = roster(ballots.compactMap { $0 }, total: total)
        var keeper = VoteKeeper(height: height, set: try Table.set(voters.map(\.weight)))
        let current = Round(UInt32(first.integer("currentRound") ?? 1))
        var emitted: Set<String> = []
        var replayed = 0
        for (number, state) in trace.states.enumerated() {
            guard let ballot = ballots[number] else { continue }
            let index = try #require(voters.firstIndex { $0.name == ballot.voter })
            let vote = Vote(
                kind: ballot.kind,
                height: height,
                round: Round(UInt32(ballot.round)),
                block: digest(ballot.value),
                validator: ValidatorIndex(UInt16(index))
            )
            #expect(
                keeper.add(SignedVote(vote: vote, signature: .zero), current: current) == .counted
            )
            var answer = threshold(keeper, vote, ballot.value, current)
            if !emitted.insert(answer).inserted { answer = "None" }
            let last = try #require(state.variable("lastEmitted") as? [String: Any])
            let expected =
                last.text("name") == "None" ? "None" : "\(last.text("name")) \(ballot.round)"
            #expect(answer == expected, "\(name), state \(number)")
            replayed += 1
        }
        #expect(replayed >= 2)
    }

    /// The name that the model gives to the threshold that the vote's round stands at.
    private func threshold(
        _ keeper: VoteKeeper,
        _ vote: Vote,
        _ value: String,
        _ current: Round
    ) -> String {
        if keeper.laterRound(than: current) == vote.round { return "Skip \(vote.round.value)" }
        switch (vote.kind, keeper.level(vote.kind, in: vote.round)) {
        case (_, .tooFew): return "None"
        case (.prevote, .divided): return "PolkaAny \(vote.round.value)"
        case (.prevote, .agreed(nil)): return "PolkaNil \(vote.round.value)"
        case (.prevote, .agreed): return "PolkaValue \(vote.round.value)"
        case (.precommit, .divided), (.precommit, .agreed(nil)):
            return "PrecommitAny \(vote.round.value)"
        case (.precommit, .agreed): return "PrecommitValue \(vote.round.value)"
        }
    }

    /// The vote that led to a state: named in newer traces, found by difference in older ones.
    private func ballot(_ states: [[String: Any]], _ number: Int) -> Ballot? {
        guard number > 0 else { return nil }
        if let named = states[number].variable("weightedVote") {
            let tuple = QuintTrace.tuple(named)
            guard tuple.count == 2, let vote = tuple[0] as? [String: Any],
                let weight = QuintTrace.integer(tuple[1]), let round = vote.integer("round")
            else { return nil }
            return Ballot(
                voter: vote.text("address"),
                weight: UInt64(weight),
                kind: vote.text("typ") == "Prevote" ? .prevote : .precommit,
                round: round,
                value: vote.text("value")
            )
        }
        let (before, after) = (tallies(states[number - 1]), tallies(states[number]))
        for (key, tally) in after.sorted(by: { $0.key < $1.key }) {
            let earlier = before[key]?.weights ?? [:]
            for (value, weight) in tally.weights where weight != earlier[value] ?? 0 {
                let voters = tally.voters.subtracting(before[key]?.voters ?? [])
                let voter = voters.first ?? ""
                return Ballot(
                    voter: voter == "alive" ? "alice" : voter,
                    weight: UInt64(weight - (earlier[value] ?? 0)),
                    kind: key.hasSuffix("prevotes") ? .prevote : .precommit,
                    round: tally.round,
                    value: value
                )
            }
        }
        return nil
    }

    private func tallies(_ state: [String: Any])
        -> [String: (round: Int, voters: Set<String>, weights: [String: Int])]
    {
        var result: [String: (round: Int, voters: Set<String>, weights: [String: Int])] = [:]
        let keeper = state.variable("bookkeeper") as? [String: Any] ?? [:]
        for (key, entry) in QuintTrace.pairs(keeper["rounds"]) {
            guard let round = QuintTrace.integer(key), let entry = entry as? [String: Any] else {
                continue
            }
            for kind in ["prevotes", "precommits"] {
                let votes = entry.record(kind)
                let voters = votes.record("votesAddresses")["#set"] as? [String] ?? []
                var weights: [String: Int] = [:]
                for (value, weight) in QuintTrace.pairs(votes["valuesWeights"]) {
                    weights[value as? String ?? ""] = QuintTrace.integer(weight)
                }
                result["\(round) \(kind)"] = (round, Set(voters), weights)
            }
        }
        return result
    }

    private func roster(_ ballots: [Ballot], total: UInt64) -> [(name: String, weight: UInt64)] {
        var voters: [(name: String, weight: UInt64)] = []
        for ballot in ballots where !voters.contains(where: { $0.name == ballot.voter }) {
            voters.append((ballot.voter, ballot.weight))
        }
        let heard = voters.map(\.weight).reduce(0, +)
        if heard < total { voters.append(("silent", total - heard)) }
        return voters
    }

    private func digest(_ value: String) -> Digest? {
        if value == "nil" { return nil }
        let bytes = Array(value.utf8.prefix(32))
        return Digest(bytes + [UInt8](repeating: 0, count: 32 - bytes.count))
    }
}
