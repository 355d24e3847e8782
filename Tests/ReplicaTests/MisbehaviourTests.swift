import Consensus
import Cryptography
import Ledger
import Primitives
import Replica
import Testing
import Voting

@Suite("Misbehaviour")
struct MisbehaviourTests {
    @Test("forged signatures and mismatched blocks are reported and change nothing")
    func forged() throws {
        let scene = try JudgementScene()
        let peer = try scene.cluster.peer(scene.proposer)
        let before = scene.cluster.replicas[scene.judge].consensus.machine
        let forgedProposal = SignedProposal(proposal: scene.signed.proposal, signature: .zero)
        try scene.cluster.give(
            .message(.proposal(forgedProposal, scene.block), from: peer),
            to: scene.judge
        )
        let other = scene.altered { $0.time += 1 }
        try scene.cluster.give(
            .message(.proposal(scene.signed, other), from: peer),
            to: scene.judge
        )
        let vote = Vote(
            kind: .prevote,
            height: Height(2),
            round: .zero,
            block: nil,
            validator: try scene.cluster.index(of: scene.proposer)
        )
        try scene.cluster.give(
            .message(.votes([SignedVote(vote: vote, signature: .zero)]), from: peer),
            to: scene.judge
        )
        let transfer = try Senders().transfer(3, nonce: 0)
        let forgedTransfer = SignedTransaction(
            body: transfer.body,
            key: transfer.key,
            signature: .zero
        )
        try scene.cluster.give(
            .message(.transactions([forgedTransfer]), from: peer),
            to: scene.judge
        )
        #expect(
            scene.cluster.reports(scene.judge) == [
                .forgedProposal(scene.signed.proposal), .mismatchedBlock(scene.signed.proposal),
                .forgedVote(vote), .forgedTransaction(transfer.id),
            ]
        )
        #expect(scene.cluster.replicas[scene.judge].consensus.machine == before)
        #expect(scene.cluster.replicas[scene.judge].mempool.count == 0)
    }

    @Test("a proposal with other contents under the same header spoils nothing for the true one")
    func swappedContents() throws {
        let scene = try JudgementScene()
        let cluster = scene.cluster
        let stripped = Block(
            header: scene.block.header,
            transactions: [],
            evidence: [],
            lastCommit: nil
        )
        #expect(!scene.block.transactions.isEmpty || scene.block.lastCommit != nil)
        let liar = try cluster.peer((scene.proposer + 2) % 4)
        try cluster.give(.message(.proposal(scene.signed, stripped), from: liar), to: scene.judge)
        let torn = scene.altered { $0.evidenceRoot = $0.parent }
        #expect(try scene.judge(torn) == nil)
        #expect(cluster.reports(scene.judge).count == 2)
        #expect(cluster.reports(scene.judge)[0] == .mismatchedBlock(scene.signed.proposal))
        let honest = try cluster.peer(scene.proposer)
        try cluster.give(
            .message(.proposal(scene.signed, scene.block), from: honest),
            to: scene.judge
        )
        cluster.passes = { _, _, _ in true }
        try cluster.pass(8_000)
        #expect(Set(cluster.heights()).count == 1)
        #expect(cluster.heights()[scene.judge] > 3)
    }

    @Test("what is refused only because of state or time blames nobody")
    func noBlame() throws {
        let scene = try JudgementScene()
        let peer = try scene.cluster.peer(scene.proposer)
        let senders = try Senders()
        let refused = [
            try senders.transfer(1, nonce: 0), try senders.transfer(9, nonce: 0),
            try senders.transfer(3, nonce: 500), try senders.transfer(3, nonce: 0, fee: 1),
        ]
        try scene.cluster.give(.message(.transactions(refused), from: peer), to: scene.judge)
        let far = Vote(
            kind: .precommit,
            height: Height(90),
            round: .zero,
            block: nil,
            validator: ValidatorIndex(0)
        )
        try scene.cluster.give(
            .message(.votes([SignedVote(vote: far, signature: .zero)]), from: peer),
            to: scene.judge
        )
        #expect(scene.cluster.reports(scene.judge).isEmpty)
        #expect(scene.cluster.replicas[scene.judge].mempool.count == 0)
    }

    @Test("a validator that votes twice is proved guilty in a block")
    func evidence() throws {
        let scene = try JudgementScene()
        let faulty = try scene.cluster.index(of: (scene.proposer + 2) % 4)
        for block in [nil, scene.block.hash] {
            let vote = Vote(
                kind: .prevote,
                height: Height(2),
                round: .zero,
                block: block,
                validator: faulty
            )
            try scene.cluster.give(
                .message(.votes([try scene.cluster.sign(vote)]), from: try scene.cluster.peer(0)),
                to: scene.judge
            )
        }
        #expect(
            scene.cluster.notes(scene.judge).contains(
                .equivocation(Height(2), faulty)
            )
        )
        scene.cluster.passes = { _, _, _ in true }
        try scene.cluster.pass(20_000)
        let found = scene.cluster.stores[0].blocks.flatMap(\.block.evidence)
        #expect(found.map(\.validator) == [faulty])
    }

    @Test("a fault that was punished already calls for no blocks")
    func repeatedEvidence() throws {
        let scene = try JudgementScene()
        let cluster = scene.cluster
        let faulty = try cluster.index(of: (scene.proposer + 2) % 4)
        func equivocate() throws {
            for block in [nil, scene.block.hash] {
                let vote = Vote(
                    kind: .prevote,
                    height: cluster.stores[0].tip.height.next,
                    round: .zero,
                    block: block,
                    validator: faulty
                )
                let message = ReplicaMessage.votes([try cluster.sign(vote)])
                for node in 0..<4 {
                    try cluster.give(.message(message, from: try cluster.peer(0)), to: node)
                }
            }
        }
        try equivocate()
        cluster.passes = { _, _, _ in true }
        func punished() -> Bool { cluster.stores[0].blocks.contains { !$0.block.evidence.isEmpty } }
        for _ in 0..<1_000 where !punished() { try cluster.pass(10) }
        #expect(punished())
        let set = cluster.stores[0].tip.validators
        try equivocate()
        #expect(cluster.stores[0].tip.validators == set)
        let before = cluster.heights()[0]
        try cluster.pass(10_000)
        let heartbeats = 10_000 / UInt64(cluster.record.parameters.timing.heartbeatMilliseconds)
        #expect(cluster.heights()[0] - before <= heartbeats + 5)
        let faults = cluster.stores[0].blocks.flatMap(\.block.evidence)
        #expect(faults.count == 1)
    }
}
