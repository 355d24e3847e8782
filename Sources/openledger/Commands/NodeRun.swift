import ArgumentParser
import Cryptography
import ExactMath
import Foundation
import Ledger
import Logging
import Node
import RPC
import Replica
import Storage

/// Runs a node until it is asked to stop.
struct NodeRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a node from its home directory, in the foreground.",
        aliases: ["start"]
    )
    @Flag(help: "Join by a snapshot if the node has no blocks (state_sync.enabled).")
    var stateSync = false
    @OptionGroup var settings: SettingOptions
    @OptionGroup var home: HomeOptions

    func run() async throws {
        let path = home.path
        guard FileManager.default.fileExists(atPath: path + "/genesis.json") else {
            throw CommandFailure(
                .environment,
                "\(path) is no node's home: make one with \"openledger node init --home \(path)\""
            )
        }
        let configuration = try settings.effective(file: path + "/config.toml").configuration
        let genesis = try CommandFailure.wrap(.badInput) {
            try GenesisFile.read(
                try InputFile.read(Self.path(configuration.chain.genesis, in: path))
            )
        }
        try checkMachine(threads: configuration.verifier.threads)
        let password = configuration.keys.passwordFile
        let file = password.isEmpty ? nil : Self.path(password, in: path)
        func key(_ name: String) throws -> SigningKey {
            try KeyStore.open(Self.path(name, in: path)) { Password.given(file: file) }
        }
        if stateSync || configuration.stateSync.isEnabled {
            try await join(configuration, genesis, try key(configuration.keys.node))
        }
        let hotKeys = try Self.hotKeys(configuration.keys, in: path, genesis, open: key)
        let node: Node
        do {
            node = try Node(
                configuration: configuration,
                home: NodeHome(path: path),
                genesis: genesis,
                nodeKey: try key(configuration.keys.node),
                validatorKeys: hotKeys,
                logger: Self.logger(configuration)
            )
        } catch let error as NodeStartError {
            throw CommandFailure(.environment, error.description)
        }
        try await serve(node, host: configuration.rpc.host)
    }

    /// Joins by a snapshot; says why it did not, and goes on without one.
    private func join(
        _ configuration: Configuration,
        _ genesis: Genesis,
        _ key: consuming SigningKey
    ) async throws {
        do {
            let outcome = try await StateSyncPhase.join(
                configuration: configuration,
                home: NodeHome(path: home.path),
                genesis: genesis,
                nodeKey: key,
                logger: Self.logger(configuration)
            )
            guard let outcome else { return }
            if case .failed(.conflict) = outcome {
                throw CommandFailure(.verificationFailed, "state sync: \(outcome)")
            }
            Remark.write("state sync: \(outcome)")
        } catch let error as NodeStartError {
            throw CommandFailure(.environment, error.description)
        }
    }

    /// From files or a signer process; none for a node that only follows.
    private static func hotKeys(
        _ keys: Configuration.Keys,
        in home: String,
        _ genesis: Genesis,
        open: (String) throws -> SigningKey
    ) throws -> [HotKey] {
        guard !keys.signer.isEmpty else {
            return try [keys.validator, keys.nextValidator].filter { !$0.isEmpty }
                .map { HotKey(try open($0)) }
        }
        guard keys.validator.isEmpty, keys.nextValidator.isEmpty else {
            throw CommandFailure(
                .badInput,
                "keys.signer and keys.validator exclude each other: the key is in one place"
            )
        }
        guard keys.signer.hasPrefix("unix:") else {
            throw CommandFailure(.badInput, "keys.signer must be unix:PATH, not \(keys.signer)")
        }
        let socket = path(String(keys.signer.dropFirst("unix:".count)), in: home)
        do throws(SignGuardError) {
            return [HotKey(signer: try SignerClient(path: socket, genesis: genesis.hash))]
        } catch {
            throw CommandFailure(.key, error.description)
        }
    }

    private func serve(_ node: Node, host: String) async throws {
        do {
            try await node.run { rpc, peers in
                Remark.write("listening: http://\(host):\(rpc) for RPC, port \(peers) for peers")
            }
        } catch let error as NodeStartError {
            throw CommandFailure(.environment, error.description)
        } catch let error as RPCServerError {
            throw CommandFailure(.environment, "\(error)")
        } catch let error as MetricsServerError {
            throw CommandFailure(.environment, "\(error)")
        } catch let fault as NodeFault {
            let kind: CommandFailure.Kind = fault.asksForUpgrade ? .upgradeNeeded : .environment
            throw CommandFailure(kind, "the node has stopped: \(fault)")
        }
    }

    /// A node whose libraries judge or compute otherwise than all others must not take part.
    private func checkMachine(threads: Int) throws {
        do {
            ExactRuntime.setThreads(threads)
            try SelfCheck.run()
            try ExactRuntime.selfCheck()
        } catch {
            throw CommandFailure(
                .environment,
                "this machine's libraries do not give the network's results: \(error)"
            )
        }
    }

    private static func path(_ file: String, in home: String) -> String {
        file.hasPrefix("/") ? file : home + "/" + file
    }

    private static func logger(_ configuration: Configuration) -> Logger {
        let isJSON = configuration.log.format == "json"
        var logger = Logger(label: configuration.name) { label -> any LogHandler in
            if isJSON { return JSONLogHandler(label: label) }
            return StreamLogHandler.standardError(label: label)
        }
        logger.logLevel = LogLevels(configuration.log.level)?.level ?? .info
        return logger
    }
}
