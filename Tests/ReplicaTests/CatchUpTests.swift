import Ledger
import Primitives
import Replica
import Testing
import Voting

@Suite("Catching up")
struct CatchUpTests {
    /// A cluster in which node 3 has heard nothing, and the others have made some blocks.
    private func behind(by milliseconds: UInt64 = 8_000) throws -> Cluster {
        let cluster = try Cluster()
        cluster.passes = { _, from, to in from != 3 && to != 3 }
        try cluster.begin()
        try cluster.give(.submit(try Senders().transfer(1, nonce: 0), SubmissionID(1)), to: 0)
        try cluster.pass(milliseconds)
        #expect(cluster.heights()[0] > 5)
        #expect(cluster.heights()[3] == 0)
        return cluster
    }

    @Test("a late node fetches, checks and executes every block, and then takes part")
    func catchesUp() throws {
        let cluster = try behind()
        cluster.passes = { _, _, _ in true }
        try cluster.pass(2_000)
        #expect(Set(cluster.heights()).count == 1)
        #expect(Set(cluster.stores.map(\.tip.stateRoot)).count == 1)
        try cluster.pass(6_000)
        let me = try cluster.index(of: 3)
        let last = try #require(cluster.stores[0].blocks.last?.block.lastCommit)
        #expect(last.contains(me))
    }

    @Test("more blocks than one request brings are fetched in turns")
    func manyBlocks() throws {
        let cluster = try behind(by: 60_000)
        #expect(cluster.heights()[0] > UInt64(ReplicaMessage.blockRequestLimit))
        cluster.passes = { _, _, _ in true }
        try cluster.pass(3_000)
        #expect(Set(cluster.heights()).count == 1)
    }

    @Test("a restarted node that missed blocks catches up as well")
    func restarted() throws {
        let cluster = try behind()
        try cluster.restart(3)
        cluster.passes = { _, _, _ in true }
        for other in 0..<3 {
            try cluster.give(.connected(try cluster.peer(other)), to: 3)
            try cluster.give(.connected(try cluster.peer(3)), to: other)
        }
        try cluster.deliver()
        #expect(cluster.heights()[3] + 1 >= cluster.heights()[0])
    }

    @Test("a block that was tampered with is refused and reported, and an honest peer asked")
    func tampered() throws {
        let cluster = try behind()
        let honest = cluster.stores[0].blocks[0]
        let status = ReplicaStatus.claim(Height(40))
        try cluster.give(.message(.status(status), from: try cluster.peer(1)), to: 3)
        let asked = cluster.effects[3].contains {
            if case .send(.requestBlocks(Height(1), _), let to) = $0 {
                return (try? cluster.peer(1)) == to
            }
            return false
        }
        #expect(asked)
        var header = honest.block.header
        header.time += 1
        let forged = CertifiedBlock(
            block: Block(
                header: header,
                transactions: honest.block.transactions,
                evidence: [],
                lastCommit: nil
            ),
            certificate: honest.certificate
        )
        try cluster.give(.message(.block(forged), from: try cluster.peer(1)), to: 3)
        #expect(cluster.reports(3) == [.invalidBlock(Height(1))])
        #expect(cluster.heights()[3] == 0)
        cluster.passes = { _, _, _ in true }
        try cluster.pass(2_000)
        #expect(Set(cluster.heights()).count == 1)
    }

    @Test("contents that do not belong to the certified header are the peer's fault, not a halt")
    func swappedContents() throws {
        let cluster = try behind()
        let honest = try #require(cluster.stores[0].blocks.first { !$0.block.transactions.isEmpty })
        #expect(honest.height == Height(1))
        let status = ReplicaStatus.claim(Height(2))
        try cluster.give(.message(.status(status), from: try cluster.peer(1)), to: 3)
        let stripped = CertifiedBlock(
            block: Block(
                header: honest.block.header,
                transactions: [],
                evidence: [],
                lastCommit: nil
            ),
            certificate: honest.certificate
        )
        try cluster.give(.message(.block(stripped), from: try cluster.peer(1)), to: 3)
        #expect(cluster.reports(3) == [.invalidBlock(Height(1))])
        #expect(
            !cluster.effects[3].contains { if case .halt = $0 { true } else { false } }
        )
    }

    @Test("blocks that nobody asked for are dropped")
    func unasked() throws {
        let cluster = try behind()
        try cluster.give(
            .message(.block(cluster.stores[0].blocks[0]), from: try cluster.peer(1)),
            to: 3
        )
        #expect(cluster.heights()[3] == 0)
        #expect(cluster.reports(3).isEmpty)
    }

    @Test("a peer with absurd or falling claims and no blocks does not stop the catching up")
    func liar() throws {
        let cluster = try behind()
        var flips: UInt64 = 0
        cluster.passes = { message, from, to in
            // Node 0 plays the liar towards node 3: it answers nothing but claims.
            if from == 0, to == 3 {
                if case .status = message { return false }
                if case .block = message { return false }
            }
            return true
        }
        for _ in 0..<40 {
            flips += 1
            let claim = flips.isMultiple(of: 2) ? Height(.max - 1) : Height(flips)
            let status = ReplicaStatus.claim(claim)
            try cluster.give(.message(.status(status), from: try cluster.peer(0)), to: 3)
            try cluster.pass(250)
        }
        #expect(cluster.heights()[3] + 1 >= cluster.heights()[1])
        #expect(cluster.heights()[3] > 5)
    }

    @Test("a node serves only what it has, and no more than asked")
    func serving() throws {
        let cluster = try behind()
        let height = cluster.heights()[0]
        func served(_ first: UInt64, _ count: UInt8) throws -> Int {
            let effects = cluster.replicas[0].step(
                .message(
                    .requestBlocks(from: Height(first), count: count),
                    from: try cluster.peer(2)
                ),
                now: cluster.clock
            )
            return effects.count { if case .send(.block, _) = $0 { true } else { false } }
        }
        #expect(try served(1, 3) == 3)
        #expect(try served(height, 32) == 1)
        #expect(try served(height + 1, 1) == 0)
        #expect(try served(0, 1) == 0)
        #expect(try served(.max - 1, 32) == 0)
    }

    @Test("a damaged block of the past stops nobody: its owner goes on, and others serve it")
    func damagedBlock() throws {
        let cluster = try behind()
        for store in cluster.stores[..<2] { store.damaged = [Height(2)] }
        cluster.passes = { _, _, _ in true }
        try cluster.pass(12_000)
        #expect(Set(cluster.heights()).count == 1)
        let asked = (0..<2).filter { cluster.notes($0).contains(.unreadableBlock(Height(2))) }
        #expect(!asked.isEmpty)
    }
}
