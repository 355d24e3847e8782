import Consensus
import Primitives
import Testing
import Voting

private typealias Step = Table.Step

@Suite("Consensus, step by step")
struct StepTableTests {
    private let a = Table.a
    private let b = Table.b

    /// The three validators that are not `me`.
    private func others(than me: UInt16) -> [UInt16] { (0..<4).filter { $0 != me } }

    @Test("a follower decides what the others agree on")
    func followerDecides() throws {
        let me = try Table.follower(of: 1)
        let peers = others(than: me)
        var table = try Table(me: me)
        table.run([
            Step(
                "entering a round as a follower only sets the timer (L21)",
                .start,
                [.entered(.zero), .schedule(Table.timer(.propose))]
            ),
            Step(
                "a valid new proposal is prevoted at once (L22)",
                .proposal(try Table.proposal(a), isValid: true),
                [.vote(Table.vote(.prevote, a, by: me))]
            ),
            Step("our own prevote comes back", .vote(Table.signed(.prevote, a, by: me)), []),
            Step("half is not enough", .vote(Table.signed(.prevote, a, by: peers[0])), []),
            Step(
                "two thirds lock the block and precommit it (L36)",
                .vote(Table.signed(.prevote, a, by: peers[1])),
                [.vote(Table.vote(.precommit, a, by: me))]
            ),
            Step("our own precommit", .vote(Table.signed(.precommit, a, by: me)), []),
            Step("a second precommit", .vote(Table.signed(.precommit, a, by: peers[0])), []),
            Step(
                "two thirds of precommits decide (L49)",
                .vote(Table.signed(.precommit, a, by: peers[1])),
                [.decide(Table.certificate(a, by: [me, peers[0], peers[1]]))]
            ),
            Step(
                "after the decision nothing more comes out",
                .timeout(Table.timer(.propose)),
                []
            ),
        ])
        #expect(table.consensus.isDecided)
    }

    @Test("a proposer builds, proposes and prevotes its own block")
    func proposerBuilds() throws {
        let me = try Table.proposer(0)
        var table = try Table(me: me)
        let proposal = try Table.proposal(a)
        table.run([
            Step(
                "the proposer asks for a block (L18)",
                .start,
                [.entered(.zero), .schedule(Table.timer(.propose)), .build(.zero)]
            ),
            Step(
                "a block for another round is not proposed",
                .built(Round(1), b),
                []
            ),
            Step("the block is proposed (L19)", .built(.zero, a), [.propose(proposal)]),
            Step("a second block is not", .built(.zero, b), []),
            Step(
                "its own proposal comes back and is prevoted",
                .proposal(proposal, isValid: true),
                [.vote(Table.vote(.prevote, a, by: me))]
            ),
        ])
    }

    @Test("silence leads through the timers into the next round")
    func silence() throws {
        let me = try Table.follower(of: 2)
        let peers = others(than: me)
        var table = try Table(me: me)
        table.run([
            Step("start", .start, [.entered(.zero), .schedule(Table.timer(.propose))]),
            Step(
                "no proposal in time: prevote none (L57)",
                .timeout(Table.timer(.propose)),
                [.vote(Table.vote(.prevote, nil, by: me))]
            ),
            Step("own prevote", .vote(Table.signed(.prevote, nil, by: me)), []),
            Step("another", .vote(Table.signed(.prevote, nil, by: peers[0])), []),
            Step(
                "two thirds, divided, set the prevote timer (L34)",
                .vote(Table.signed(.prevote, a, by: peers[1])),
                [.schedule(Table.timer(.prevote))]
            ),
            Step(
                "the timer ends in a precommit for none (L61)",
                .timeout(Table.timer(.prevote)),
                [.vote(Table.vote(.precommit, nil, by: me))]
            ),
            Step("own precommit", .vote(Table.signed(.precommit, nil, by: me)), []),
            Step("another", .vote(Table.signed(.precommit, nil, by: peers[0])), []),
            Step(
                "two thirds of precommits set the last timer (L47)",
                .vote(Table.signed(.precommit, nil, by: peers[1])),
                [.schedule(Table.timer(.precommit))]
            ),
            Step(
                "which opens the next round (L65)",
                .timeout(Table.timer(.precommit)),
                [.entered(Round(1)), .schedule(Table.timer(.propose, round: 1))]
            ),
            Step(
                "timers of the old round are deaf",
                .timeout(Table.timer(.propose)),
                []
            ),
        ])
    }

    @Test("two thirds of prevotes for none precommit none without a timer")
    func polkaNil() throws {
        let me = try Table.follower(of: 1)
        let peers = others(than: me)
        var table = try Table(me: me)
        table.run([
            Step("start", .start, [.entered(.zero), .schedule(Table.timer(.propose))]),
            Step(
                "an invalid proposal gets a prevote for none (L26)",
                .proposal(try Table.proposal(a), isValid: false),
                [.vote(Table.vote(.prevote, nil, by: me))]
            ),
            Step("own prevote", .vote(Table.signed(.prevote, nil, by: me)), []),
            Step("another", .vote(Table.signed(.prevote, nil, by: peers[0])), []),
            Step(
                "two thirds for none (L44)",
                .vote(Table.signed(.prevote, nil, by: peers[1])),
                [.vote(Table.vote(.precommit, nil, by: me))]
            ),
        ])
    }

    @Test("more than a third in a later round pulls a node there")
    func skip() throws {
        let me = try Table.follower(of: 1)
        let peers = others(than: me)
        var table = try Table(me: me)
        table.run([
            Step("start", .start, [.entered(.zero), .schedule(Table.timer(.propose))]),
            Step(
                "one voice from round 3 is a quarter",
                .vote(Table.signed(.prevote, nil, by: peers[0], round: 3)),
                []
            ),
            Step(
                "the same voice's precommit counts no second time",
                .vote(Table.signed(.precommit, nil, by: peers[0], round: 3)),
                []
            ),
        ])
        let effects = table.consensus.step(
            .vote(Table.signed(.precommit, nil, by: peers[1], round: 3))
        )
        #expect(effects.first == .entered(Round(3)), "a second voice makes a half (L55)")
        #expect(table.consensus.round == Round(3))
    }

    @Test("a decision of an earlier round is still taken")
    func earlierRoundDecision() throws {
        let me = try Table.follower(of: 2)
        let peers = others(than: me)
        var table = try Table(me: me)
        _ = table.consensus.step(.start)
        _ = table.consensus.step(.proposal(try Table.proposal(a), isValid: true))
        for peer in peers.prefix(2) {
            _ = table.consensus.step(.vote(Table.signed(.precommit, nil, by: peer, round: 1)))
        }
        #expect(table.consensus.round == Round(1))
        for peer in peers.prefix(2) {
            #expect(table.consensus.step(.vote(Table.signed(.precommit, a, by: peer))) == [])
        }
        #expect(
            table.consensus.step(.vote(Table.signed(.precommit, a, by: peers[2])))
                == [.decide(Table.certificate(a, by: peers))]
        )
    }

    @Test("precommits without the block decide only when the block arrives")
    func blockArrivesLast() throws {
        let me = try Table.follower(of: 1)
        let peers = others(than: me)
        var table = try Table(me: me)
        _ = table.consensus.step(.start)
        for peer in peers { _ = table.consensus.step(.vote(Table.signed(.precommit, a, by: peer))) }
        #expect(!table.consensus.isDecided)
        #expect(
            table.consensus.step(.proposal(try Table.proposal(a), isValid: true))
                == [.decide(Table.certificate(a, by: peers))]
        )
    }

    @Test("a validator that votes twice is reported, and its first vote counts")
    func equivocation() throws {
        let me = try Table.follower(of: 1)
        let peers = others(than: me)
        var table = try Table(me: me)
        let (first, second) = (
            Table.signed(.prevote, a, by: peers[0]), Table.signed(.prevote, b, by: peers[0])
        )
        let evidence = try #require(DuplicateVoteEvidence(first, second))
        table.run([
            Step("start", .start, [.entered(.zero), .schedule(Table.timer(.propose))]),
            Step("the first vote", .vote(first), []),
            Step("the same again is nothing", .vote(first), []),
            Step("another block is a fault", .vote(second), [.equivocation(evidence)]),
        ])
        #expect(table.consensus.votes.votes(.prevote, in: .zero)?.weight == 1)
        #expect(
            table.consensus.votes.votes(.prevote, in: .zero)?[ValidatorIndex(peers[0])] == first
        )
    }

    @Test("a node without a key follows to the decision and never speaks")
    func observer() throws {
        var table = try Table(me: nil)
        var effects = table.consensus.step(.start)
        effects += table.consensus.step(.proposal(try Table.proposal(a), isValid: true))
        for kind in [Vote.Kind.prevote, .precommit] {
            for peer in UInt16(0)..<3 {
                effects += table.consensus.step(.vote(Table.signed(kind, a, by: peer)))
            }
        }
        #expect(
            effects
                == [
                    .entered(.zero), .schedule(Table.timer(.propose)),
                    .schedule(Table.timer(.prevote)),
                    .decide(Table.certificate(a, by: [0, 1, 2])),
                ].filter { $0 != .schedule(Table.timer(.prevote)) }
        )
    }
}
