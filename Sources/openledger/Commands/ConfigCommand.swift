import ArgumentParser
import Foundation
import JSON
import Ledger
import Node
import Primitives
import RPC

/// Settings as flags, on top of the configuration file and the environment.
struct SettingOptions: ParsableArguments {
    @Option(name: .long, help: "A setting, such as --set rpc.port=8546; may be repeated.")
    var set: [String] = []

    /// - Parameter file: read if it exists.
    func effective(file: String) throws -> EffectiveConfiguration {
        var flags: [(name: String, value: String)] = []
        for text in set {
            guard let equals = text.firstIndex(of: "=") else {
                throw CommandFailure(.badInput, "--set \(text) is not name=value")
            }
            flags.append((String(text[..<equals]), String(text[text.index(after: equals)...])))
        }
        var contents: (path: String, text: String)?
        if FileManager.default.fileExists(atPath: file) {
            let bytes = try InputFile.read(file)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw CommandFailure(.badInput, "\(file) is no UTF-8 text")
            }
            contents = (file, text)
        }
        return try EffectiveConfiguration(
            file: contents,
            environment: ProcessInfo.processInfo.environment,
            flags: flags
        )
    }
}

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Look at a node's configuration.",
        subcommands: [
            Show.self, Check.self, ConfigDiff.self, Template.self, Reference.self,
        ]
    )

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every setting with its value, and where the value comes from."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var settings: SettingOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let effective = try settings.effective(file: home.path + "/config.toml")
            output.show(
                .array(
                    ConfigurationSetting.all.map { setting in
                        [
                            "setting": .string(setting.name),
                            "value": .string(setting.toml(in: effective.configuration)),
                            "source": .string(effective.sources[setting.name] ?? "default"),
                        ]
                    }
                )
            )
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a configuration file or a genesis document, and say what is wrong."
        )
        @Argument(help: "A .toml or .json file.") var file: String
        @OptionGroup var output: OutputOptions

        func run() throws {
            let bytes = try InputFile.read(file)
            if file.hasSuffix(".json") {
                let genesis = try CommandFailure.wrap(.badInput) { try GenesisFile.read(bytes) }
                output.show([
                    "chain": .string("\(genesis.chain)"), "genesis": .string("\(genesis.hash)"),
                    "validators": .integer(genesis.validators.count),
                    "balances": .integer(genesis.balances.count),
                ])
            } else {
                _ = try CommandFailure.wrap(.badInput) {
                    try EffectiveConfiguration(
                        file: (file, String(decoding: bytes, as: UTF8.self)),
                        environment: [:],
                        flags: []
                    )
                }
                output.show(["file": .string(file), "valid": true])
            }
        }
    }

    struct Template: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A commented configuration file with every default."
        )

        func run() throws { print(Configuration().template, terminator: "") }
    }

    struct Reference: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rpc-reference",
            abstract: "The reference of the RPC, as docs/rpc.md has it."
        )

        func run() throws { print(RPCReference.markdown, terminator: "") }
    }
}
