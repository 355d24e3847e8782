import Cryptography
import Foundation
import Ledger
import Logging
import Node
import Peers
import Primitives
import RPC
import Replica
import Storage
import Testing

/// Validators on loopback that share a genesis, each with a home of its own.
final class TestCluster: Sendable {
    let genesis: Genesis
    let root: String
    let snapshotInterval: Int

    static let accountSeed = [UInt8](repeating: 200, count: 32)

    static func seed(_ family: UInt8, _ index: Int) -> [UInt8] {
        [UInt8](repeating: family, count: 31) + [UInt8(index)]
    }

    static func genesis(validators: Int) throws -> Genesis {
        let stake = Amount(tokens: 10_000)
        let funds = Amount(tokens: 10_000)
        let members = try (0..<validators).map { index in
            Genesis.Member(
                owner: Address(firstKey: try SigningKey(seed: seed(1, index)).publicKey),
                key: try SigningKey(seed: seed(2, index)).publicKey,
                stake: stake,
                commissionPerMille: 0
            )
        }
        var treasury = try Genesis.supply.subtracting(funds)
        for _ in members { treasury = try treasury.subtracting(stake) }
        var parameters = ChainParameters.test
        parameters.timing.heartbeatMilliseconds = 300
        return Genesis(
            chain: try #require(ChainID("cluster")),
            time: 1_700_000_000_000,
            parameters: parameters,
            validators: members,
            balances: [
                Genesis.Balance(
                    address: Address(firstKey: try SigningKey(seed: accountSeed).publicKey),
                    amount: funds
                )
            ],
            treasury: treasury,
            rewardPool: .zero
        )
    }

    init(validators: Int, snapshotInterval: Int = 0) throws {
        self.snapshotInterval = snapshotInterval
        genesis = try Self.genesis(validators: validators)
        root =
            FileManager.default.temporaryDirectory
            .appending(path: "openledger-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func home(_ index: Int) -> String { root + "/node-\(index)" }

    func start(
        _ index: Int,
        port: Int = 0,
        peers: [Int],
        metricsPort: Int? = nil
    ) async throws -> RunningNode {
        try await RunningNode(
            index: index,
            genesis: genesis,
            home: home(index),
            port: port,
            peers: peers,
            metricsPort: metricsPort,
            snapshotInterval: snapshotInterval
        )
    }

    /// The home's lock goes with the last reference to the node that held it, which may be that
    /// of a timer which is just running.
    func restart(_ index: Int, peers: [Int]) async throws -> RunningNode {
        for _ in 0..<500 {
            do { return try await start(index, peers: peers) } catch NodeStartError.storage(.locked)
            {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        return try await start(index, peers: peers)
    }

    /// Waits until nobody holds the home.
    func unlocked(_ index: Int) async {
        for _ in 0..<500 {
            if (try? HomeLock(home: home(index))) != nil { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Starts nodes that each dial those before them.
    func start(_ indices: Range<Int>) async throws -> [RunningNode] {
        var nodes: [RunningNode] = []
        for index in indices {
            nodes.append(try await restart(index, peers: nodes.map(\.port)))
        }
        return nodes
    }

    /// A transfer of one token from the funded account.
    func transfer(nonce: UInt64, to byte: UInt8) throws -> SignedTransaction {
        let key = try SigningKey(seed: Self.accountSeed)
        return Transaction(
            chain: genesis.chain,
            sender: Address(firstKey: key.publicKey),
            nonce: nonce,
            fee: genesis.parameters.minimumFee,
            action: .transfer(
                Transfer(
                    to: try #require(Address([UInt8](repeating: byte, count: 20))),
                    amount: Amount(tokens: 1)
                )
            )
        ).signed(with: key)
    }
}

/// One node of a cluster, running.
final class RunningNode: Sendable {
    let index: Int
    let node: Node
    let port: Int
    private let task: Task<Void, any Error>

    init(
        index: Int,
        genesis: Genesis,
        home: String,
        port: Int,
        peers: [Int],
        metricsPort: Int? = nil,
        snapshotInterval: Int = 0
    ) async throws {
        var configuration = Configuration()
        configuration.snapshots.interval = snapshotInterval
        // Blocks come fast here: a snapshot has to outlive a join.
        configuration.snapshots.kept = 100
        configuration.network.port = port
        configuration.network.peers = peers.map { "127.0.0.1:\($0)" }
        configuration.rpc.port = 0
        configuration.metrics.isEnabled = metricsPort != nil
        configuration.metrics.port = metricsPort ?? 0
        var logger = Logger(label: "node-\(index)")
        logger.logLevel = .error
        let node = try Node(
            configuration: configuration,
            home: NodeHome(path: home),
            genesis: genesis,
            nodeKey: try SigningKey(seed: TestCluster.seed(3, index)),
            validatorKeys: [HotKey(try SigningKey(seed: TestCluster.seed(2, index)))],
            logger: logger
        )
        self.index = index
        self.node = node
        self.port = try await node.listen()
        task = Task { try await node.run() }
    }

    func stop() async {
        task.cancel()
        _ = await task.result
    }

    /// Waits until the node has stopped by itself, and throws why.
    func finished() async throws { try await task.value }

    func height() async -> UInt64 { await node.gateway.status().height.value }

    /// Waits until the node has committed this height; false after a minute.
    func reaches(_ height: UInt64) async -> Bool {
        for _ in 0..<6000 {
            if await self.height() >= height { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    /// Waits until the transaction is in a block here; its height, or nil after a minute.
    func commits(_ id: Digest) async throws -> Height? {
        for _ in 0..<6000 {
            if case .committed(_, let height, _, _)? = try await node.gateway.transaction(id) {
                return height
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return nil
    }
}
