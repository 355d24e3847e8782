import Ledger
import Logging
import Peers
import Primitives
import RPC
import ServiceLifecycle
import Storage

extension Node {
    static func networkConfiguration(
        _ configuration: Configuration,
        _ genesis: Genesis,
        known: PeerFile
    ) throws(NodeStartError) -> PeerNetwork.Configuration {
        var peers: [PeerAddress] = []
        for text in configuration.network.peers {
            guard let address = PeerAddress(text) else { throw .badPeer(text) }
            peers.append(address)
        }
        var limits = NetworkLimits()
        limits.inbound.total = configuration.network.inboundPeers
        limits.outboundPeers = configuration.network.outboundPeers
        var network = PeerNetwork.Configuration(
            context: HandshakeContext(chain: genesis.chain.borshBytes, genesis: genesis.hash),
            host: configuration.network.host,
            port: configuration.network.port,
            peers: peers,
            limits: limits
        )
        network.directory = known.load()
        network.save = { known.save($0) }
        return network
    }

    /// The counting of blocks, and the server that tells what was counted.
    func metricsServices() -> [any Service] {
        let blocks = BlockStatistics(database: runner.database, key: hotKey?.publicKey)
        let metrics = NodeMetrics(blocks: blocks, runner: runner, home: home.path)
        let heights = runner.heights()
        return [
            TaskService { await blocks.follow(heights) },
            MetricsServer(
                host: configuration.metrics.host,
                port: configuration.metrics.port,
                logger: logger
            ) { await metrics.text() },
        ]
    }

    /// The account that registered the key; nil while nobody has.
    static func owner(of key: HotKey?, in database: Database) -> Address? {
        guard let key else { return nil }
        let bytes = try? database.now.stateValue(StateKey.validatorKey(key.publicKey))
        return bytes.flatMap { try? Address(borsh: $0) }
    }
}

extension NodeGateway {
    /// The HTTP server in front of this node.
    func server(
        _ configuration: RPCServerConfiguration,
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) -> RPCServer {
        let context = MethodContext(node: self, chain: record.chain)
        let dispatcher = RPCDispatcher(methods: RPCMethod.all, node: context)
        return RPCServer(
            configuration: configuration,
            backend: RPCServer.Backend(
                answer: { await dispatcher.answer($0) },
                unreadiness: { await unreadiness() },
                status: { context.status(await status()) },
                artifacts: self
            ),
            logger: logger,
            onListening: onListening
        )
    }

    /// Why the node should not be asked now.
    private func unreadiness() async -> String? {
        let status = await status()
        if let fault = status.fault { return fault }
        return status.isSynchronising ? "the node is catching up" : nil
    }
}

extension NodeStartError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .storage(let error): error.description
        case .fault(let fault): fault.description
        case .network(let error): error.description
        case .badPeer(let text): "\"\(text)\" is not a peer: write host:port or key@host:port"
        }
    }
}
