import ArgumentParser
import Cryptography
import Foundation
import JSON
import Ledger
import Node
import Primitives

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Set up and run a node.",
        subcommands: [Init.self, NodeRun.self, Status.self]
    )

    /// Makes a home directory.
    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a home: genesis, configuration, and the key that peers know it by."
        )
        @Option(help: "The network's genesis document, such as genesis/devnet.json.")
        var genesis: String
        @Option(
            help: "A configuration file to begin with, such as network-config/devnet-follower.toml."
        )
        var config: String?
        @OptionGroup var settings: SettingOptions
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let bytes = try InputFile.read(genesis)
            let document = try CommandFailure.wrap(.badInput) { try GenesisFile.read(bytes) }
            let path = home.path
            guard !FileManager.default.fileExists(atPath: path + "/genesis.json") else {
                throw CommandFailure(.environment, "\(path) is a node's home already")
            }
            if let config { _ = try InputFile.read(config) }
            let effective = try settings.effective(file: config ?? path + "/config.toml")
            let key = SigningKey.generate()
            try Home.make(
                path,
                genesis: document,
                configuration: effective.configuration,
                nodeKey: key,
                validatorKey: nil
            )
            output.show([
                "home": .string(path), "chain": .string("\(document.chain)"),
                "genesis": .string("\(document.hash)"),
                "nodeKey": .string(Hex.encode(key.publicKey.bytes)),
            ])
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Where a running node stands.")
        @OptionGroup var options: QueryOptions

        func run() async throws { try await options.show("chain_status") }
    }
}

/// The files of a node's home.
enum Home {
    /// - Parameter validatorKey: the seed of the hot key, for a validator.
    static func make(
        _ path: String,
        genesis: Genesis,
        configuration: Configuration,
        nodeKey: borrowing SigningKey,
        validatorKey: [UInt8]?
    ) throws {
        try InputFile.makeDirectory(path, isPrivate: true)
        let store = KeyStore(directory: path + "/keys")
        try store.save(nodeKey, name: "node", password: nil)
        if let validatorKey {
            let key = try SigningKey(seed: validatorKey)
            try store.save(key, name: "validator", password: nil)
        }
        try InputFile.write(Array(configuration.template.utf8), to: path + "/config.toml")
        try InputFile.write(Array(GenesisFile.document(genesis).utf8), to: path + "/genesis.json")
    }
}
