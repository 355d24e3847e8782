import Cryptography
import Ledger
import Logging
import Node
import Peers
import Primitives
import Replica
import Storage
import Testing

@Suite("Repair of blocks from peers", .serialized)
struct BlockRepairTests {
    @Test("blocks that are damaged on one node come back from another")
    func repair() async throws {
        let cluster = try TestCluster(validators: 2)
        var nodes = try await cluster.start(0..<2)
        for node in nodes { #expect(await node.reaches(5)) }
        await nodes[1].stop()
        nodes.removeLast()
        await cluster.unlocked(1)
        let path = NodeHome(path: cluster.home(1)).database
        do {
            let store = try KeyValueStore(path: path)
            var batch = WriteBatch()
            batch.put(.blocks, [0x62, 0, 0, 0, 0, 0, 0, 0, 2], [9])
            batch.delete(.blocks, [0x62, 0, 0, 0, 0, 0, 0, 0, 4])
            try store.write(batch, sync: true)
        }
        let database = try Database(path: path, genesis: cluster.genesis)
        let chain = cluster.genesis.chain
        let before = try database.now.checkIntegrity(chain: chain, includingState: true)
        #expect(before.damaged.map(\.height.value) == [2, 4] && before.stateIsWhole == true)
        var logger = Logger(label: "repair")
        logger.logLevel = .critical
        let network = PeerNetwork(
            configuration: .init(
                context: HandshakeContext(
                    chain: chain.borshBytes,
                    genesis: cluster.genesis.hash
                ),
                host: "127.0.0.1",
                port: 0,
                peers: [try #require(PeerAddress("127.0.0.1:\(nodes[0].port)"))]
            ),
            identity: PeerIdentity(signedBy: try SigningKey(seed: TestCluster.seed(3, 1))),
            logger: logger
        )
        let left = await BlockRepair(network: network, database: database, chain: chain)
            .run(before.damaged.map(\.height), within: .seconds(20))
        #expect(left.isEmpty)
        let after = try database.now.checkIntegrity(chain: chain, includingState: false)
        #expect(after.damaged.isEmpty)
        await nodes[0].stop()
    }
}
