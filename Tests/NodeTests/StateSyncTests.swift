import Cryptography
import Foundation
import Ledger
import LightClient
import Logging
import Node
import Peers
import Primitives
import RPC
import Replica
import StateTree
import Storage
import Testing

@Suite("Joining by a snapshot", .serialized)
struct StateSyncTests {
    private func join(
        _ cluster: TestCluster,
        _ index: Int,
        peers: [Int],
        _ change: (inout Configuration) -> Void = { _ in }
    ) async throws -> StateSyncOutcome? {
        var configuration = Configuration()
        configuration.network.peers = peers.map { "127.0.0.1:\($0)" }
        configuration.stateSync.trustDays = 36_500
        configuration.stateSync.deadlineSeconds = 60
        configuration.stateSync.answerSeconds = 1
        change(&configuration)
        var logger = Logger(label: "join")
        logger.logLevel = .critical
        return try await StateSyncPhase.join(
            configuration: configuration,
            home: NodeHome(path: cluster.home(index)),
            genesis: cluster.genesis,
            nodeKey: try SigningKey(seed: TestCluster.seed(3, index)),
            logger: logger
        )
    }

    /// Three of four validators with transfers in every block and a snapshot after every fifth.
    private func begin(_ cluster: TestCluster) async throws -> [RunningNode] {
        let nodes = try await cluster.start(0..<3)
        for nonce in UInt64(0)..<12 {
            let transaction = try cluster.transfer(nonce: nonce, to: UInt8(nonce))
            #expect(await nodes[0].node.gateway.submit(transaction) == .accepted)
            #expect(try await nodes[0].commits(transaction.id) != nil)
        }
        let store = cluster.home(1) + "/snapshots/10"
        for _ in 0..<500 where !FileManager.default.fileExists(atPath: store) {
            try await Task.sleep(for: .milliseconds(10))
        }
        return nodes
    }

    @Test(
        "a validator joins among liars, follows by blocks, and signs; the past it has not it says so"
    )
    func joins() async throws {
        let cluster = try TestCluster(validators: 4, snapshotInterval: 5)
        var nodes = try await begin(cluster)
        let offers = [Height(5), Height(10)]
        let liars = [
            try await SnapshotLiar(.wrongParts, seed: 91, genesis: cluster.genesis, offers: offers),
            try await SnapshotLiar(
                .withholding,
                seed: 92,
                genesis: cluster.genesis,
                offers: offers
            ),
        ]
        let outcome = try await join(
            cluster,
            3,
            peers: liars.map(\.port) + nodes.prefix(2).map(\.port)
        )
        guard case .joined(let height, let entries) = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(height.value >= 10 && height.value % 5 == 0 && entries > 12)
        for liar in liars { await liar.stop() }
        #expect(try await join(cluster, 3, peers: []) == nil, "a node with blocks does not join")
        let joined = try await cluster.restart(3, peers: nodes.map(\.port))
        nodes.append(joined)
        #expect(await joined.reaches(height.value + 2))
        try await expectSigns(cluster, 3, nodes[0])
        let status = await joined.node.gateway.status()
        #expect(status.earliestHeight == height.next)
        await #expect(throws: RPCError.self) {
            _ = try await joined.node.gateway.events(from: Height(1), index: 0, limit: 1)
        }
        await #expect(throws: RPCError.self) {
            _ = try await joined.node.gateway.stateEvidence(StateKey.chain, at: Height(2))
        }
        #expect(try await joined.node.gateway.block(at: Height(2)) == nil)
        for node in nodes { await node.stop() }
    }

    /// Waits for a block of the observer that carries the validator's precommit.
    private func expectSigns(
        _ cluster: TestCluster,
        _ index: Int,
        _ observer: RunningNode
    ) async throws {
        let key = try SigningKey(seed: TestCluster.seed(2, index)).publicKey
        let start = await observer.height()
        for height in start...start + 40 {
            #expect(await observer.reaches(height))
            guard let record = try await observer.node.gateway.block(at: Height(height)),
                let set = try await observer.node.gateway.validatorSet(at: Height(height)),
                let position = set.index(of: key)
            else { continue }
            if record.certificate.contains(position) { return }
        }
        Issue.record("validator \(index) signs nothing")
    }

    @Test(
        "without a snapshot, or with trust that is too old, the reason is told and nothing is changed"
    )
    func reasons() async throws {
        let cluster = try TestCluster(validators: 4)
        let nodes = try await cluster.start(0..<3)
        let none = try await join(cluster, 3, peers: [nodes[0].port]) {
            $0.stateSync.deadlineSeconds = 2
        }
        #expect(none == .failed(.deadline(entries: 0)))
        #expect("\(try #require(none))".contains("the blocks from the first one"))
        let old = try await join(cluster, 3, peers: [nodes[0].port]) {
            $0.stateSync.trustDays = 14
        }
        guard case .failed(.trust(.trustExpired)) = old else {
            Issue.record("\(String(describing: old))")
            return
        }
        await #expect(throws: NodeStartError.badCheckpoint("12")) {
            _ = try await join(cluster, 3, peers: []) { $0.stateSync.checkpoint = "12" }
        }
        let late = try await cluster.restart(3, peers: nodes.map(\.port))
        #expect(await late.reaches(2), "the blocks from the first one are there as before")
        await late.stop()
        for node in nodes { await node.stop() }
    }
}
