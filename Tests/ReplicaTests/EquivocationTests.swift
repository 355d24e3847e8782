import Ledger
import Primitives
import Replica
import Testing
import Voting

/// Votes of one validator that meet nowhere by themselves.
@Suite("Equivocation without a fork")
struct EquivocationTests {
    private func vote(
        _ cluster: Cluster,
        _ kind: Vote.Kind,
        _ block: Digest?,
        at height: Height
    ) throws -> ReplicaMessage {
        let vote = Vote(
            kind: kind,
            height: height,
            round: .zero,
            block: block,
            validator: try cluster.index(of: 3)
        )
        return .votes([try cluster.sign(vote)])
    }

    private func convictions(_ cluster: Cluster) throws -> [[ValidatorIndex]] {
        cluster.stores.map { store in
            store.blocks.flatMap(\.block.evidence).map(\.validator)
        }
    }

    @Test("each peer hears one vote of it, and gossip lets the two meet", arguments: [true, false])
    func twoFaced(isAhead: Bool) throws {
        let cluster = try Cluster(validators: 4, running: 3)
        try cluster.begin()
        if !isAhead {
            try cluster.pass(2_000)
            try #require(cluster.heights()[0] > 0)
        }
        let tip = cluster.stores[0].tip
        let height = isAhead ? tip.height.next : tip.height
        for node in 0..<3 {
            let message = try vote(cluster, .precommit, node == 0 ? .zero : nil, at: height)
            try cluster.give(.message(message, from: try cluster.peer(3)), to: node)
        }
        for _ in 0..<20 where try convictions(cluster).contains(where: \.isEmpty) {
            try cluster.pass(500)
        }
        let faulty = try cluster.index(of: 3)
        #expect(try convictions(cluster) == [[faulty], [faulty], [faulty]])
        #expect((0..<3).allSatisfy { cluster.reports($0).isEmpty })
    }

    @Test("a certificate in a block convicts whoever told this node something else")
    func certificate() throws {
        let scene = try JudgementScene()
        let cluster = scene.cluster
        let commit = try #require(scene.block.lastCommit)
        let signer = try #require(
            commit.signatures.map(\.validator).first { try cluster.number(of: $0) != scene.judge }
        )
        let other = Vote(
            kind: .precommit,
            height: commit.height,
            round: commit.round,
            block: nil,
            validator: signer
        )
        let peer = try cluster.peer(scene.proposer)
        try cluster.give(.message(.votes([try cluster.sign(other)]), from: peer), to: scene.judge)
        #expect(try scene.judge(scene.block) == nil)
        #expect(
            cluster.notes(scene.judge).contains(.equivocation(commit.height, signer))
        )
    }

    @Test("a forged vote of the last height is reported, and convicts nobody")
    func forged() throws {
        let cluster = try Cluster(validators: 4, running: 3)
        try cluster.begin()
        try cluster.pass(2_000)
        let vote = Vote(
            kind: .precommit,
            height: cluster.stores[0].tip.height,
            round: .zero,
            block: .zero,
            validator: try cluster.index(of: 3)
        )
        let message = ReplicaMessage.votes([SignedVote(vote: vote, signature: .zero)])
        try cluster.give(.message(message, from: try cluster.peer(1)), to: 0)
        #expect(cluster.reports(0) == [.forgedVote(vote)])
    }
}
