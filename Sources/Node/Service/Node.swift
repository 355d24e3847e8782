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
    /// Something in `network.peers` is not an address.
    case badPeer(String)
}

/// Everything is open once it exists.
package struct Node: Sendable {
    private let lock: HomeLock
    let home: NodeHome
    let configuration: Configuration
    private let record: ChainRecord
    let logger: Logger
    private let network: PeerNetwork
    package let exchange: ArtifactExchange
    package let runner: ReplicaRunner
    let hotKey: HotKey?
    /// What the node answers; usable as soon as it exists.
    package let gateway: NodeGateway

    /// Opens everything and begins to take part as soon as `run` is called.
    package init(
        configuration: Configuration,
        home: NodeHome,
        genesis: Genesis,
        nodeKey: borrowing SigningKey,
        validatorKey: HotKey?,
        logger: Logger
    ) throws(NodeStartError) {
        let opened = try OpenedHome(
            home: home,
            genesis: genesis,
            configuration: configuration
        )
        let network = PeerNetwork(
            configuration: try Self.networkConfiguration(
                configuration,
                genesis,
                known: PeerFile(path: home.peers, logger: logger)
            ),
            identity: PeerIdentity(signedBy: nodeKey),
            logger: logger
        )
        record = ChainRecord(
            chain: genesis.chain,
            genesis: genesis.hash,
            parameters: genesis.parameters
        )
        let artifacts = opened.artifacts
        let database = opened.database
        let signer = try opened.signer(key: validatorKey)
        do {
            runner = try ReplicaRunner(
                configuration: ReplicaConfiguration(
                    record: record,
                    validatorKey: validatorKey?.publicKey
                ),
                database: database,
                network: network,
                signer: signer,
                logger: logger
            )
        } catch {
            throw .fault(error)
        }
        exchange = ArtifactExchange(store: artifacts, network: network, logger: logger)
        runner.takeEvents(artifacts: exchange)
        gateway = NodeGateway(
            runner: runner,
            artifacts: artifacts,
            record: record,
            validator: Self.owner(of: validatorKey, in: database)
        )
        lock = opened.lock
        self.home = home
        self.configuration = configuration
        self.network = network
        self.logger = logger
        hotKey = validatorKey
    }

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
            TaskService { [runner] in try await runner.run() },
            gateway.server(configuration.rpc, logger: logger) { await onReady($0, peersPort) },
        ]
        if let hotKey, configuration.verifier.isEnabled {
            services.append(
                VerifierService(
                    runner: runner,
                    gateway: gateway,
                    exchange: exchange,
                    record: record,
                    key: hotKey,
                    logger: logger
                )
            )
        }
        if configuration.metrics.isEnabled { services += metricsServices() }
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
