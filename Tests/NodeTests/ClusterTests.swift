import Cryptography
import Foundation
import Ledger
import Node
import Primitives
import RPC
import Replica
import StateTree
import Storage
import Testing

@Suite("Nodes on loopback", .serialized)
struct ClusterTests {
    @Test("four validators finalise a transfer submitted to one, and prove the balance")
    func transfer() async throws {
        let cluster = try TestCluster(validators: 4)
        let nodes = try await cluster.start(0..<4)
        let transaction = try cluster.transfer(nonce: 0, to: 7)
        #expect(await nodes[2].node.gateway.submit(transaction) == .accepted)
        #expect(await nodes[2].node.gateway.submit(transaction) == .known)
        let key = StateKey.account(try #require(Address([UInt8](repeating: 7, count: 20))))
        for node in nodes {
            let height = try #require(try await node.commits(transaction.id))
            let evidence = try #require(
                try await node.node.gateway.stateEvidence(key, at: height)
            )
            let account = try Account(borsh: try #require(evidence.value))
            #expect(account.balance == Amount(tokens: 1))
            let proof = try StateProof(borsh: evidence.proof)
            #expect(
                proof.verify(root: evidence.header.stateRoot, key: key, value: evidence.value)
            )
            let set = try #require(try await node.node.gateway.validatorSet(at: height))
            try evidence.certificate.verify(set: set, chain: cluster.genesis.chain)
            #expect(evidence.certificate.block == evidence.header.hash)
        }
        let stale = try cluster.transfer(nonce: 0, to: 8)
        #expect(await nodes[0].node.gateway.submit(stale) == .refused(.staleNonce))
        #expect(try await nodes[1].node.gateway.nextNonce(of: transaction.body.sender) == 1)
        // The nonce of the sender has changed since the first block.
        let sender = StateKey.account(transaction.body.sender)
        let committed = try #require(try await nodes[0].commits(transaction.id))
        if committed > Height(1) {
            await #expect(throws: RPCError.self) {
                try await nodes[0].node.gateway.stateEvidence(sender, at: Height(1))
            }
        }
        #expect(
            try await nodes[0].node.gateway.stateEvidence(sender, at: Height(1 << 40)).map(\.proof)
                == nil
        )
        for node in nodes { await node.stop() }
    }

    @Test("a validator that starts late catches up, and the network goes on when all restart")
    func lateStart() async throws {
        let cluster = try TestCluster(validators: 4)
        var nodes = try await cluster.start(0..<3)
        for nonce in UInt64(0)..<20 {
            let transaction = try cluster.transfer(nonce: nonce, to: 1)
            #expect(await nodes[0].node.gateway.submit(transaction) == .accepted)
            #expect(try await nodes[0].commits(transaction.id) != nil)
        }
        let height = await nodes[0].height()
        nodes.append(try await cluster.start(3, peers: nodes.map(\.port)))
        #expect(await nodes[3].reaches(height))
        let before = await nodes[3].height()
        for node in nodes { await node.stop() }
        nodes = []
        let again = try await cluster.start(0..<4)
        for node in again { #expect(await node.reaches(before + 2)) }
        let transaction = try cluster.transfer(nonce: 20, to: 2)
        #expect(await again[3].node.gateway.submit(transaction) == .accepted)
        for node in again { #expect(try await node.commits(transaction.id) != nil) }
        try await expectNoFaults(again[0])
        for node in again { await node.stop() }
    }

    @Test("artifacts are fetched from peers by digest, and what nobody has is unavailable")
    func artifacts() async throws {
        let cluster = try TestCluster(validators: 2)
        let nodes = try await cluster.start(0..<2)
        let content = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let id = try await nodes[0].node.gateway.storeArtifact(content)
        #expect(await nodes[1].node.gateway.artifactLength(id) == nil)
        let fetched = try await nodes[1].node.exchange.bytes(id, within: .seconds(20))
        #expect(fetched == content)
        #expect(await nodes[1].node.gateway.artifactLength(id) == UInt64(content.count))
        let part = try await nodes[1].node.gateway.artifactBytes(id, offset: 1_048_570, count: 20)
        #expect(part == Array(content[1_048_570..<1_048_590]))
        await #expect(throws: ArtifactFetchError.unavailable(.zero)) {
            try await nodes[1].node.exchange.fetch(.zero, within: .milliseconds(600))
        }
        for node in nodes { await node.stop() }
    }

    @Test("a home that is in use, of another chain, or without its signing record is refused")
    func refusals() async throws {
        let cluster = try TestCluster(validators: 1)
        var node: RunningNode? = try await cluster.start(0, peers: [])
        await #expect(throws: NodeStartError.storage(.locked(path: cluster.home(0)))) {
            _ = try await cluster.start(0, peers: [])
        }
        #expect(await node?.reaches(2) == true)
        await node?.stop()
        node = nil
        await cluster.unlocked(0)
        let other = try TestCluster(validators: 2)
        await #expect(throws: NodeStartError.self) {
            _ = try await RunningNode(
                index: 0,
                genesis: other.genesis,
                home: cluster.home(0),
                port: 0,
                peers: []
            )
        }
        let record = cluster.home(0) + "/signed"
        try FileManager.default.removeItem(atPath: record)
        await #expect(throws: NodeStartError.fault(.signing(.recordLost(path: record)))) {
            _ = try await cluster.start(0, peers: [])
        }
    }
}

/// No block of the node holds evidence of a validator that voted twice.
func expectNoFaults(_ running: RunningNode) async throws {
    for height in 1...(await running.height()) {
        let record = try #require(try await running.node.gateway.block(at: Height(height)))
        #expect(record.block.evidence.isEmpty, "height \(height)")
    }
}
