import ArgumentParser
import Cryptography
import ExactMath
import Foundation
import Ledger
import Logging
import Node
import RPC

/// Runs a node until it is asked to stop.
struct NodeRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a node from its home directory, in the foreground."
    )
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
        let hotKeys = [configuration.keys.validator, configuration.keys.nextValidator]
        let node: Node
        do {
            node = try Node(
                configuration: configuration,
                home: NodeHome(path: path),
                genesis: genesis,
                nodeKey: try key(configuration.keys.node),
                validatorKeys: try hotKeys.filter { !$0.isEmpty }.map { HotKey(try key($0)) },
                logger: Self.logger(configuration)
            )
        } catch let error as NodeStartError {
            throw CommandFailure(.environment, error.description)
        }
        try await serve(node, host: configuration.rpc.host)
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
        logger.logLevel = Logger.Level(rawValue: configuration.log.level) ?? .info
        return logger
    }
}
