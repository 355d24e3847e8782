// A whole node: opens what is on disk, refuses what does not fit together, and runs the services
// until one of them fails or the process is asked to stop.

package import Cryptography
package import Ledger
package import Logging
package import Peers
import Primitives
import RPC
import Replica
import ServiceLifecycle
package import Storage
import UnixSignals

/// Why a node did not start. Each is one clear sentence.
package enum NodeStartError: Error, Equatable, Sendable {
    case storage(StorageError)
    case fault(NodeFault)
    case network(NetworkError)
    /// The state makes no genesis.
    case export(GenesisExport.Failure)
    /// Something in `network.peers` is not an address.
    case badPeer(String)
    /// `state_sync.checkpoint` is no height and hash.
    case badCheckpoint(String)
}

/// Everything is open once it exists.
package struct Node: Sendable {
    private let lock: HomeLock
    let home: NodeHome
    let configuration: Configuration
    private let record: ChainRecord
    private let logger: Logger
    private let levels: LogLevels
    private let network: PeerNetwork
    package let exchange: ArtifactExchange
    private let snapshots: SnapshotService
    package let runner: ReplicaRunner
    let hotKeys: [HotKey]
    /// What the node answers; usable as soon as it exists.
    package let gateway: NodeGateway

    /// Opens everything and begins to take part as soon as `run` is called.
    package init(
        configuration: Configuration,
        home: NodeHome,
        genesis: Genesis,
        nodeKey: borrowing SigningKey,
        validatorKeys: [HotKey],
        logger: Logger
    ) throws(NodeStartError) {
        // A text that is not understood was refused where it was read.
        let levels = LogLevels(configuration.log.level) ?? LogLevels()
        let opened = try OpenedHome(home: home, genesis: genesis, configuration: configuration)
        let known = PeerFile(path: home.peers, logger: logger)
        let network = PeerNetwork(
            configuration: try Self.networkConfiguration(configuration, genesis, known: known),
            identity: PeerIdentity(signedBy: nodeKey),
            logger: levels.logger(logger, for: "network")
        )
        record = ChainRecord(
            chain: genesis.chain,
            genesis: genesis.hash,
            parameters: genesis.parameters
        )
        let database = opened.database
        let signer = try opened.signer(keys: validatorKeys)
        let snapshots = try Self.snapshots(configuration, home, database, network, logger)
        self.snapshots = snapshots
        do {
            runner = try ReplicaRunner(
                configuration: Self.replica(configuration, record, validatorKeys),
                database: database,
                network: network,
                signer: signer,
                afterCommit: { snapshots.committed($0) },
                logger: levels.logger(logger, for: "consensus")
            )
        } catch {
            throw .fault(error)
        }
        exchange = ArtifactExchange(
            store: opened.artifacts,
            network: network,
            logger: levels.logger(logger, for: "artifacts")
        )
        runner.takeEvents(artifacts: exchange, snapshots: snapshots)
        gateway = NodeGateway(
            runner: runner,
            artifacts: opened.artifacts,
            record: record,
            validator: Self.owner(of: validatorKeys.first, in: database)
        )
        lock = opened.lock
        self.home = home
        self.configuration = configuration
        self.network = network
        self.logger = logger
        self.levels = levels
        hotKeys = validatorKeys
    }

    func moduleLogger(_ module: String) -> Logger { levels.logger(logger, for: module) }

    /// Binds the port for peers; `run` does it otherwise.
    @discardableResult
    package func listen() async throws(NodeStartError) -> Int {
        do { return try await network.listen() } catch { throw .network(error) }
    }

    /// Runs until SIGTERM or SIGINT, or until a service fails.
    ///
    /// - Parameter onReady: is told the ports of the RPC and of peers when both accept connections.
    package func run(
        onReady: @escaping @Sendable (_ rpc: Int, _ peers: Int) async -> Void = { _, _ in }
    ) async throws {
        let peersPort = try await listen()
        var services: [any Service] = [
            network,
            TaskService { [exchange] in await exchange.run() },
            TaskService { [snapshots] in await snapshots.run() },
            TaskService { [runner] in try await runner.run() },
            gateway.server(configuration.rpc, logger: moduleLogger("rpc")) {
                await onReady($0, peersPort)
            },
        ]
        if configuration.verifier.isEnabled {
            // A panel waits for the key that served when it was drawn.
            services += hotKeys.map { hotKey in
                VerifierService(
                    runner: runner,
                    gateway: gateway,
                    exchange: exchange,
                    record: record,
                    key: hotKey,
                    logger: moduleLogger("verifier")
                )
            }
        }
        if configuration.metrics.isEnabled { services += metricsServices() }
        do {
            services.append(
                try AdminServer(
                    path: home.adminSocket,
                    database: runner.database,
                    logger: moduleLogger("admin")
                )
            )
        } catch {
            throw NodeStartError.storage(error)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(
                        service: $0,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup
                    )
                },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
    }
}
