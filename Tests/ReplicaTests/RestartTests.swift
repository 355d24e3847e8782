import Consensus
import Ledger
import Primitives
import Replica
import Testing
import Voting

@Suite("Restart")
struct RestartTests {
    /// A cluster that has stopped in height 1: prevotes pass, precommits do not.
    private func locked() throws -> Cluster {
        let cluster = try Cluster()
        cluster.passes = { message, _, _ in
            if case .votes(let votes) = message {
                return votes.allSatisfy { $0.vote.kind == .prevote }
            }
            return true
        }
        try cluster.begin()
        try cluster.give(
            .submit(try Senders().transfer(1, nonce: 0), SubmissionID(1)),
            to: try cluster.proposer()
        )
        try cluster.pass(20)
        return cluster
    }

    @Test("the log brings back lock, votes and round, and asks for no vote again")
    func lockSurvives() throws {
        let cluster = try locked()
        let before = cluster.replicas[0].consensus
        let lock = try #require(before.machine.locked)
        let effects = try cluster.restart(0)
        let after = cluster.replicas[0].consensus
        #expect(after.machine == before.machine)
        #expect(after.machine.locked == lock)
        for kind in [Vote.Kind.prevote, .precommit] {
            #expect(
                after.votes.votes(kind, in: .zero)?.all == before.votes.votes(kind, in: .zero)?.all
            )
        }
        #expect(
            !effects.contains {
                if case .sign(.vote, _) = $0 { true } else { false }
            }
        )
    }

    @Test("a vote that was due and never recorded is asked for again")
    func lostVote() throws {
        let cluster = try locked()
        let me = try cluster.index(of: 0)
        cluster.stores[0].log.removeAll {
            if case .vote(let signed) = $0 {
                return signed.vote.kind == .precommit && signed.vote.validator == me
            }
            return false
        }
        let effects = try cluster.restart(0)
        let requests = effects.compactMap {
            if case .sign(let request, _) = $0 { request } else { nil }
        }
        let block = try #require(cluster.replicas[0].consensus.machine.locked?.block)
        #expect(
            requests.contains(
                .vote(
                    Vote(
                        kind: .precommit,
                        height: Height(1),
                        round: .zero,
                        block: block,
                        validator: me
                    )
                )
            )
        )
    }

    @Test(
        "a node that lost the end of its log never contradicts what it sent, and the chain goes on"
    )
    func everyPrefix() throws {
        let length = try locked().stores[0].log.count
        #expect(length > 6)
        for kept in 0...length {
            let cluster = try locked()
            cluster.stores[0].log = Array(cluster.stores[0].log.prefix(kept))
            try cluster.restart(0)
            cluster.passes = { _, _, _ in true }
            for other in 1..<4 {
                try cluster.give(.connected(try cluster.peer(0)), to: other)
                try cluster.give(.connected(try cluster.peer(other)), to: 0)
            }
            try cluster.pass(20_000)
            #expect(cluster.heights().allSatisfy { $0 > 2 }, "\(kept) entries kept")
            #expect(Set(cluster.stores.map { $0.blocks[0].block.hash }).count == 1)
        }
    }

    @Test("a decision that was logged but not committed is committed at the restart")
    func decisionSurvives() throws {
        let cluster = try locked()
        let block = try #require(cluster.replicas[0].consensus.machine.locked?.block)
        for other in 1..<4 {
            let vote = Vote(
                kind: .precommit,
                height: Height(1),
                round: .zero,
                block: block,
                validator: try cluster.index(of: other)
            )
            cluster.stores[0].log.append(.vote(try cluster.sign(vote)))
        }
        try cluster.restart(0)
        #expect(cluster.heights()[0] == 1)
        #expect(cluster.stores[0].tip.hash == block)
        #expect(cluster.stores[0].log.allSatisfy { $0.height > Height(1) })
    }

    @Test("entries of committed heights are ignored")
    func oldEntries() throws {
        let cluster = try locked()
        let old = cluster.stores[0].log
        cluster.passes = { _, _, _ in true }
        try cluster.pass(3_000)
        cluster.stores[0].log = old
        try cluster.restart(0)
        #expect(cluster.replicas[0].consensus.machine.locked == nil)
        #expect(cluster.replicas[0].consensus.height == cluster.stores[0].tip.height.next)
    }
}
