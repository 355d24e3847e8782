import Consensus
import Primitives
import Testing
import Voting

/// Replays the Quint model of the round machine against ours.
///
/// Where the rules differ: the model's proposer gets its value with the event and sets no timer,
/// ours asks for a block first and sets one; the model keeps one machine over heights, ours begins
/// a new one. A state that only repeats the one before (the model checks after every step) is no
/// event.
@Suite("Quint traces of the round machine")
struct QuintRoundTests {
    private static let names = [
        "7caef155_0DecideNonProposerTest", "7caef155_consensus_DecideNonProposerTest_0",
        "consensus_DecideNonProposerTest_0",
    ]

    @Test("every state and answer of the trace is ours", arguments: names)
    func replay(name: String) throws {
        guard let trace = try QuintTrace(name) else { return }
        var machine = RoundMachine()
        var replayed = 0
        for (number, state) in trace.states.enumerated() where number % 2 == 1 {
            let (event, result) = (state.record("_Event"), state.record("_Result"))
            let outputs = apply(event, to: &machine)
            #expect(expected(result) == outputs, "\(name), state \(number): \(event)")
            let system = try #require(
                QuintTrace.pairs(state["system"]).first?.value as? [String: Any]
            )
            #expect(describe(machine) == describe(system), "\(name), state \(number)")
            replayed += 1
        }
        #expect(replayed > 10)
    }

    private func apply(_ event: [String: Any], to machine: inout RoundMachine) -> [RoundOutput] {
        let round = Round(UInt32(max(0, event.integer("round") ?? 0)))
        let value = digest(event.text("value"))
        switch event.text("name") {
        case "NewHeight":
            machine = RoundMachine()
            return []
        case "NewRound": return machine.apply(.start(round, isProposer: false))
        case "NewRoundProposer":
            let begun = machine.apply(.start(round, isProposer: true))
            #expect(begun == [.schedule(.propose), .build(round)])
            return machine.apply(.built(value))
        case "Proposal": return machine.apply(.proposal(value, isValid: true))
        case "ProposalInvalid": return machine.apply(.proposal(value, isValid: false))
        case "ProposalAndPolkaAndValid": return machine.apply(.proposalWithPolka(value))
        case "ProposalAndCommitAndValid":
            return machine.apply(.proposalWithPrecommits(round, value))
        case "PolkaAny": return machine.apply(.polkaAny)
        case "PolkaNil": return machine.apply(.polkaNil)
        case "PrecommitAny": return machine.apply(.precommitAny)
        case "TimeoutPropose": return machine.apply(.timeout(.propose))
        case "TimeoutPrevote": return machine.apply(.timeout(.prevote))
        case "TimeoutPrecommit": return machine.apply(.timeout(.precommit))
        case let name:
            Issue.record("the trace has an event that this test does not know: \(name)")
            return []
        }
    }

    private func expected(_ result: [String: Any]) -> [RoundOutput] {
        switch result.text("name") {
        case "timeout":
            switch result.text("timeout") {
            case "timeoutPropose": return [.schedule(.propose)]
            case "timeoutPrevote": return [.schedule(.prevote)]
            default: return [.schedule(.precommit)]
            }
        case "votemessage":
            let vote = result.record("voteMessage")
            let block = vote.text("id") == "nil" ? nil : digest(vote.text("id"))
            return [.vote(vote.text("step") == "prevote" ? .prevote : .precommit, block)]
        case "proposal":
            let proposal = result.record("proposal")
            return [.propose(digest(proposal.text("proposal")), validRound: nil)]
        case "decided": return [.decide(.zero, digest(result.text("decided")))]
        case "skipRound":
            return [.enter(Round(UInt32(max(0, result.integer("skipRound") ?? 0))))]
        default: return []
        }
    }

    private func describe(_ machine: RoundMachine) -> [String] {
        let steps: [RoundMachine.Step: String] = [
            .newRound: "newRound", .propose: "propose", .prevote: "prevote",
            .precommit: "precommit", .decided: "decided",
        ]
        return [
            steps[machine.step] ?? "", "\(machine.round.value)",
            "\(machine.locked.map { Int($0.round.value) } ?? -1)",
            machine.locked?.block.description ?? "nil",
            "\(machine.valid.map { Int($0.round.value) } ?? -1)",
            machine.valid?.block.description ?? "nil",
        ]
    }

    private func describe(_ system: [String: Any]) -> [String] {
        func value(_ name: String) -> String {
            let text = system.text(name)
            return text == "nil" ? text : digest(text).description
        }
        return [
            system.text("step"), "\(system.integer("round") ?? -9)",
            "\(system.integer("lockedRound") ?? -9)", value("lockedValue"),
            "\(system.integer("validRound") ?? -9)", value("validValue"),
        ]
    }

    private func digest(_ text: String) -> Digest {
        let bytes = Array(text.utf8.prefix(32))
        return Digest(bytes + [UInt8](repeating: 0, count: 32 - bytes.count)) ?? .zero
    }
}
