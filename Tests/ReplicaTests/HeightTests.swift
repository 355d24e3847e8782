import Consensus
import Ledger
import Primitives
import Replica
import Testing
import Voting

@Suite("From height to height")
struct HeightTests {
    @Test("a waiting transaction starts a block at once, and everyone has its effects")
    func transfer() throws {
        let cluster = try Cluster()
        try cluster.begin()
        let transfer = try Senders().transfer(1, nonce: 0, amount: 7)
        let effects = try cluster.give(.submit(transfer, SubmissionID(4)), to: 0)
        #expect(
            effects.contains {
                if case .reply(SubmissionID(4), .accepted(transfer.id)) = $0 { true } else { false }
            }
        )
        try cluster.pass(20)
        #expect(cluster.heights() == [1, 1, 1, 1])
        let roots = Set(cluster.stores.map(\.tip.stateRoot))
        #expect(roots.count == 1)
        #expect(cluster.stores[3].blocks[0].block.transactions.map(\.id) == [transfer.id])
        #expect(cluster.replicas.allSatisfy { $0.mempool.count == 0 })
    }

    @Test("without transactions only the heartbeat makes a block")
    func heartbeat() throws {
        let cluster = try Cluster()
        try cluster.begin()
        let heartbeat = UInt64(cluster.record.parameters.timing.heartbeatMilliseconds)
        try cluster.pass(heartbeat - 1)
        #expect(cluster.heights() == [0, 0, 0, 0])
        try cluster.pass(1)
        #expect(cluster.heights() == [1, 1, 1, 1])
        try cluster.pass(heartbeat - 1)
        #expect(cluster.heights() == [1, 1, 1, 1])
    }

    @Test("transactions of all nodes end in blocks, once each, in the order of their nonces")
    func manyTransfers() throws {
        let cluster = try Cluster()
        try cluster.begin()
        let senders = try Senders()
        for nonce in UInt64(0)..<10 {
            for sender in UInt8(1)...3 {
                try cluster.give(
                    .submit(try senders.transfer(sender, nonce: nonce), SubmissionID(nonce)),
                    to: Int(sender)
                )
            }
            try cluster.pass(7)
        }
        try cluster.pass(3_000)
        let included = cluster.stores[0].blocks.flatMap(\.block.transactions)
        #expect(included.count == 30)
        for sender in UInt8(1)...3 {
            let address = try senders.address(sender)
            #expect(
                included.filter { $0.body.sender == address }.map(\.body.nonce) == Array(0..<10)
            )
        }
    }

    @Test("a vote of ours leaves only after the log has it, synced; the same for a proposal")
    func persistFirst() throws {
        let cluster = try Cluster()
        try cluster.begin()
        try cluster.give(
            .submit(try Senders().transfer(1, nonce: 0), SubmissionID(1)),
            to: try cluster.proposer()
        )
        try cluster.pass(20)
        var checked = 0
        for number in cluster.replicas.indices {
            var durable: Set<WALEntry> = []
            for effect in cluster.effects[number] {
                if case .persist(let entry, let sync) = effect, sync { durable.insert(entry) }
                if case .broadcast(.votes(let votes), _) = effect {
                    for vote in votes { #expect(durable.contains(.vote(vote))) }
                    checked += votes.count
                }
                if case .broadcast(.proposal(let signed, let block), _) = effect {
                    #expect(durable.contains(.proposal(signed, block, isValid: true)))
                    checked += 1
                }
            }
        }
        #expect(checked == 9)
    }

    @Test("one silent validator of four does not stop the chain, in any of its turns")
    func oneSilent() throws {
        let cluster = try Cluster()
        cluster.passes = { _, from, to in from != 2 && to != 2 }
        try cluster.begin()
        try cluster.pass(20_000)
        #expect(cluster.heights()[0] > 8)
        #expect(cluster.heights()[2] == 0)
    }

    @Test("two silent validators of four stop it, and when they speak it goes on")
    func twoSilent() throws {
        let cluster = try Cluster()
        cluster.passes = { _, from, to in from < 2 && to < 2 }
        try cluster.begin()
        try cluster.pass(10_000)
        #expect(cluster.heights() == [0, 0, 0, 0])
        cluster.passes = { _, _, _ in true }
        try cluster.pass(20_000)
        #expect(cluster.heights().allSatisfy { $0 > 3 })
        #expect((0..<4).allSatisfy { cluster.reports($0).isEmpty })
    }

    @Test("a precommit that comes after the decision still stands in the next block's certificate")
    func latePrecommits() throws {
        let cluster = try Cluster()
        try cluster.begin()
        try cluster.pass(2_500)
        let certificates = cluster.stores[0].blocks.compactMap(\.block.lastCommit)
        #expect(!certificates.isEmpty)
        #expect(certificates.allSatisfy { $0.signatures.count == 4 })
    }

    @Test("lost votes and proposals are repaired by gossip")
    func repair() throws {
        let cluster = try Cluster()
        try cluster.begin()
        var lost = 0
        cluster.passes = { message, _, _ in
            switch message {
            case .votes, .proposal:
                lost += 1
                return lost % 3 != 0
            default: return true
            }
        }
        try cluster.pass(30_000)
        #expect(cluster.heights().allSatisfy { $0 > 10 })
    }
}
