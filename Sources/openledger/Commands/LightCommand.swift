import ArgumentParser
import Foundation
import Ledger
import LightClient
import Logging
import Node
import Primitives
import RPC
import ServiceLifecycle
import UnixSignals

/// Serves what it has checked itself.
struct LightCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "light",
        abstract: "Verify headers and proofs of other people's nodes, and serve them here.",
        discussion: """
            Speaks a node's JSON-RPC on loopback, for what one header can prove: balances, adapters, \
            Datanets and every other object by its id. Point other commands at it with --url.
            """
    )
    @Option(help: "The genesis document that you trust.") var genesis: String
    @Option(help: "The node that is asked.") var primary: String
    @Option(help: "A node that has to know the same headers; give it again for more.")
    var witness: [String]
    @Option(help: "HEIGHT:HASH of a recent block that you trust, instead of the genesis.")
    var checkpoint: String?
    @Option(help: "Days for which a header is trusted; shorter than unbonding takes.")
    var trustDays = 14
    @Option(help: "The port to listen on, on 127.0.0.1; 0 takes any free one.") var port = 8_546

    func validate() throws {
        guard !witness.isEmpty else {
            throw ValidationError("give at least one --witness: one node alone proves little")
        }
        guard (1...36_500).contains(trustDays) else {
            throw ValidationError("--trust-days is a number from 1 to 36500")
        }
        if let checkpoint, Checkpoint(text: checkpoint) == nil {
            throw ValidationError("--checkpoint is HEIGHT:HASH, such as 1200:0x3f…")
        }
    }

    func run() async throws {
        let document = try CommandFailure.wrap(.badInput) {
            try GenesisFile.read(try InputFile.read(genesis))
        }
        let rules = LightClientRules(
            chain: document.chain,
            trustPeriod: UInt64(trustDays) * 86_400_000
        )
        let source = RemoteLightSource(client: NodeClient(url: primary))
        let root = try await root(document, source, rules)
        let service = LightService(
            primary: source,
            witnesses: witness.map { RemoteLightSource(client: NodeClient(url: $0)) },
            root: root,
            rules: rules,
            now: { Self.now }
        )
        Remark.write("trusting block \(root.height.value), \(root.hash)")
        try await serve(service, document)
    }

    private func root(
        _ document: Genesis,
        _ source: RemoteLightSource,
        _ rules: LightClientRules
    ) async throws -> TrustedHeader {
        do {
            guard let checkpoint = checkpoint.flatMap({ Checkpoint(text: $0) }) else {
                let root = try TrustedHeader(genesis: document)
                try rules.checkAge(of: root, now: Self.now)
                return root
            }
            let block = try await source.lightBlock(at: checkpoint.height)
            return try checkpoint.trust(block, rules: rules, now: Self.now)
        } catch let error as LightClientError {
            throw CommandFailure(.verificationFailed, error.description)
        }
    }

    private func serve(_ service: LightService, _ document: Genesis) async throws {
        let node = LightNode(service: service, chain: document.chain, genesis: document.hash)
        let dispatcher = RPCDispatcher(
            methods: LightMethods.all(service),
            node: MethodContext(node: node, chain: document.chain)
        )
        var logger = Logger(label: "light") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let server = RPCServer(
            configuration: RPCServerConfiguration(port: port),
            backend: RPCServer.Backend(
                answer: { await dispatcher.answer($0) },
                unreadiness: {
                    let conflict = await service.status.conflict
                    return conflict.map { "two signed chains at height \($0.first.height.value)" }
                },
                status: { LightMethods.json(await service.status) },
                artifacts: node
            ),
            logger: logger
        ) { Remark.write("listening: http://127.0.0.1:\($0) for RPC, verified by this client") }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: server)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        do { try await group.run() } catch let error as RPCServerError {
            throw CommandFailure(.environment, "\(error)")
        }
    }

    /// Milliseconds since 1970.
    private static var now: UInt64 { UInt64(max(0, Date.now.timeIntervalSince1970 * 1000)) }
}
