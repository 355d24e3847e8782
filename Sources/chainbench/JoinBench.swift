import Cryptography
import Foundation
import Ledger
import LightClient
import Logging
import Node
import Peers
import Primitives
import Replica
import StateTree
import Storage

/// A node without blocks takes over a state from two peers, over encrypted connections on loopback.
struct JoinBench {
    let accounts: Int

    func run() async throws {
        let scratch = try Scratch()
        let chain = try BenchChain()
        let height = Height(1)
        let stores = try (0..<2).map { number in
            try serve(chain, height, in: scratch.file("server-\(number)"))
        }
        var servers: [Server] = []
        for (number, database) in stores.enumerated() {
            servers.append(
                try await Server(
                    chain: chain,
                    database: database,
                    snapshots: scratch.file("server-\(number)/snapshots"),
                    height: height,
                    seed: UInt8(number + 20)
                )
            )
        }
        var configuration = StateSyncConfiguration(
            root: try TrustedHeader(genesis: chain.genesis),
            rules: LightClientRules(
                chain: chain.genesis.chain,
                trustPeriod: 36_500 * 86_400_000
            )
        )
        configuration.chooseMilliseconds = 200
        let phase = StateSyncPhase(
            network: try BenchNetwork.make(chain, seed: 30, peers: servers.map(\.port)),
            configuration: configuration,
            genesis: chain.genesis,
            database: scratch.file("joined"),
            logger: BenchNetwork.logger
        )
        let start = ContinuousClock.now
        let outcome = await phase.run()
        let time = (ContinuousClock.now - start) / .seconds(1)
        for server in servers { server.stop() }
        guard case .joined(_, let entries) = outcome else {
            throw BenchError.outcome("\(outcome)")
        }
        report(
            "join by a snapshot",
            [
                ("accounts", Double(accounts)), ("entries", Double(entries)), ("seconds", time),
                ("entriesPerSecond", Double(entries) / time),
                ("bytes", Double(diskBytes(scratch.file("joined")))),
                ("peakMiB", peakMebibytes()),
            ]
        )
    }

    /// A database at this height with the genesis state and all accounts.
    private func serve(_ chain: BenchChain, _ height: Height, in path: String) throws -> Database {
        var entries = try chain.genesis.initialState().changes.compactMap { change in
            change.value.map { TreePart.Entry(key: change.key, value: $0) }
        }
        let value = Account(nonce: 3, balance: Amount(tokens: 7)).borshBytes
        for number in 0..<accounts {
            entries.append(
                TreePart.Entry(
                    key: StateKey.account(BenchChain.account(number)),
                    value: value
                )
            )
        }
        let update = try StateTree.apply(
            entries.map { (key: $0.key, value: $0.value) },
            at: nil,
            to: height.value,
            in: MemoryNodeStore()
        )
        let block = try chain.block(
            height,
            parent: chain.genesis.hash,
            stateRoot: update.root,
            time: chain.genesis.time + 1
        )
        try write(entries, update, block, chain, to: path + "/chain")
        return try Database(path: path + "/chain", genesis: chain.genesis)
    }

    private func write(
        _ entries: [TreePart.Entry],
        _ update: TreeUpdate,
        _ block: LightBlock,
        _ chain: BenchChain,
        to path: String
    ) throws {
        let target = try StateImport(path: path)
        for start in stride(from: 0, to: entries.count, by: 10_000) {
            try target.write(Array(entries[start..<min(start + 10_000, entries.count)]), [])
        }
        for start in stride(from: 0, to: update.newNodes.count, by: 10_000) {
            let end = min(start + 10_000, update.newNodes.count)
            try target.write([], Array(update.newNodes[start..<end]))
        }
        try target.finish(block, genesis: chain.genesis)
    }
}

/// A node's snapshot service and network, and nothing else of it.
private final class Server: Sendable {
    let port: Int
    private let tasks: [Task<Void, any Error>]

    init(
        chain: BenchChain,
        database: Database,
        snapshots: String,
        height: Height,
        seed: UInt8
    ) async throws {
        let store = try SnapshotStore(directory: snapshots)
        let indexing = try seconds {
            try store.capture(database, at: height)
            try store.finish(height)
        }
        report("snapshot", [("seconds", indexing), ("bytes", Double(diskBytes(snapshots)))])
        let network = try BenchNetwork.make(chain, seed: seed, peers: [])
        let service = SnapshotService(
            store: store,
            database: database,
            network: network,
            interval: 0,
            kept: 1,
            logger: BenchNetwork.logger
        )
        port = try await network.listen()
        tasks = [
            Task { try await network.run() },
            Task { await service.run() },
            Task {
                for await event in network.events {
                    guard case .message(let message) = event else { continue }
                    service.take(message)
                }
            },
        ]
    }

    func stop() { for task in tasks { task.cancel() } }
}

private enum BenchNetwork {
    static var logger: Logger {
        var logger = Logger(label: "chainbench") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return logger
    }

    static func make(_ chain: BenchChain, seed: UInt8, peers: [Int]) throws -> PeerNetwork {
        PeerNetwork(
            configuration: .init(
                context: HandshakeContext(
                    chain: chain.genesis.chain.borshBytes,
                    genesis: chain.genesis.hash
                ),
                host: "127.0.0.1",
                port: 0,
                peers: peers.compactMap { PeerAddress("127.0.0.1:\($0)") }
            ),
            identity: PeerIdentity(
                signedBy: try SigningKey(seed: [UInt8](repeating: seed, count: 32))
            ),
            logger: logger
        )
    }
}
