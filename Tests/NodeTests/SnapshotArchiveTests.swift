import Foundation
import Ledger
import LightClient
import Node
import Primitives
import RPC
import StateTree
import Storage
import Testing

@Suite("Archives of snapshots", .serialized)
struct SnapshotArchiveTests {
    static let now: UInt64 = 1_700_000_000_000 + 3_600_000

    private func rules(_ cluster: TestCluster) -> LightClientRules {
        LightClientRules(chain: cluster.genesis.chain, trustPeriod: 36_500 * 86_400_000)
    }

    /// One validator that goes on while an archive of it is made.
    private func archive(_ cluster: TestCluster) async throws -> (file: String, block: LightBlock) {
        let node = try await cluster.start(0, peers: [])
        for nonce in UInt64(0)..<6 {
            let transaction = try cluster.transfer(nonce: nonce, to: UInt8(nonce))
            #expect(await node.node.gateway.submit(transaction) == .accepted)
            #expect(try await node.commits(transaction.id) != nil)
        }
        let file = cluster.root + "/archive"
        let reader = try SnapshotReader(
            database: NodeHome(path: cluster.home(0)).database,
            index: file + ".index"
        )
        let block = try SnapshotArchive.write(reader, of: cluster.genesis, to: file)
        #expect(throws: SnapshotArchiveError.self) {
            try SnapshotArchive.write(reader, of: cluster.genesis, to: file)
        }
        #expect(await node.reaches(block.height.value + 1))
        await node.stop()
        return (file, block)
    }

    private func restore(
        _ file: String,
        _ cluster: TestCluster,
        checkpoint: Checkpoint? = nil,
        trustPeriod: UInt64? = nil,
        index: Int = 1
    ) throws -> LightBlock {
        try SnapshotArchive.restore(
            file,
            genesis: cluster.genesis,
            checkpoint: checkpoint,
            rules: trustPeriod.map {
                LightClientRules(chain: cluster.genesis.chain, trustPeriod: $0)
            } ?? rules(cluster),
            now: UInt64(Date.now.timeIntervalSince1970 * 1000),
            into: NodeHome(path: cluster.home(index))
        )
    }

    @Test(
        "an archive of a running node begins another one, and whatever was changed in it is found"
    )
    func roundTrip() async throws {
        let cluster = try TestCluster(validators: 1)
        let (file, block) = try await archive(cluster)
        #expect(block.height.value >= 6)
        let whole = try Data(contentsOf: URL(filePath: file))
        // Old trust, another checkpoint, another chain.
        #expect(throws: SnapshotArchiveError.self) {
            try restore(file, cluster, trustPeriod: 1_000)
        }
        #expect(throws: SnapshotArchiveError.self) {
            try restore(file, cluster, checkpoint: Checkpoint(height: block.height, hash: .zero))
        }
        #expect(throws: SnapshotArchiveError.self) {
            try restore(file, try TestCluster(validators: 2))
        }
        // A byte anywhere, an end too early, more at the end.
        let damaged = cluster.root + "/damaged"
        for place in stride(from: 3, to: whole.count, by: max(1, whole.count / 12)) {
            var bytes = whole
            bytes[place] ^= 0x20
            try bytes.write(to: URL(filePath: damaged))
            #expect(throws: (any Error).self, "byte \(place)") { try restore(damaged, cluster) }
        }
        for bytes in [whole.dropLast(4), whole.prefix(30), whole + Data([0]), Data()] {
            try Data(bytes).write(to: URL(filePath: damaged))
            #expect(throws: (any Error).self) { try restore(damaged, cluster) }
        }
        let checkpoint = Checkpoint(height: block.height, hash: block.header.hash)
        #expect(try restore(file, cluster, checkpoint: checkpoint) == block)
        #expect(throws: SnapshotArchiveError.self, "it has blocks now") {
            try restore(file, cluster)
        }
        let database = try Database(
            path: NodeHome(path: cluster.home(1)).database,
            genesis: cluster.genesis
        )
        #expect(try database.now.tip().height == block.height)
        #expect(
            try StateTree.root(at: block.height.value, in: database.now) == block.header.stateRoot
        )
        #expect(try database.now.lightBlock(at: block.height) == block)
        #expect(try restore(file, cluster, index: 2) == block)
    }
}
