import ArgumentParser
import Cryptography
import Foundation
import JSON
import Ledger
import Node
import Primitives

/// A network of validators on this machine.
struct DevnetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devnet",
        abstract: "A network on this machine, for trying things.",
        subcommands: [Init.self, GenesisDocument.self]
    )

    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the homes of validators and the keys of funded accounts."
        )
        @Option(help: "How many validators.") var validators = 4
        @Option(help: "How many funded accounts.") var accounts = 10
        @Option(help: "The first of two ports for each validator.") var basePort = 26_650
        @Option(help: "A configuration that all validators begin with.") var config: String?
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            guard (1...128).contains(validators), (0...100).contains(accounts) else {
                throw CommandFailure(.badInput, "there can be 1 to 128 validators and 100 accounts")
            }
            guard (1...65_535 - 2 * validators).contains(basePort) else {
                throw CommandFailure(.badInput, "there are not enough ports from \(basePort) on")
            }
            let root = home.path
            guard !FileManager.default.fileExists(atPath: root + "/genesis.json") else {
                throw CommandFailure(.environment, "there is a network in \(root) already")
            }
            let plan = try CommandFailure.wrap(.failed) {
                try DevnetPlan(validators: validators, accounts: accounts, basePort: basePort)
            }
            try write(plan, to: root)
            show(plan, root)
        }

        private func write(_ plan: DevnetPlan, to root: String) throws {
            if let config { _ = try InputFile.read(config) }
            let base = try SettingOptions.parse([]).effective(file: config ?? "")
            try InputFile.makeDirectory(root, isPrivate: true)
            let store = KeyStore(directory: root + "/keys")
            for person in plan.accounts + plan.validators.map(\.owner) {
                let key = try SigningKey(seed: person.seed)
                try store.save(key, name: person.name, password: nil)
            }
            for validator in plan.validators {
                try Home.make(
                    root + "/" + validator.name,
                    genesis: plan.genesis,
                    configuration: plan.configuration(of: validator, from: base.configuration),
                    nodeKey: try SigningKey(seed: validator.node.seed),
                    validatorKey: validator.hot.seed
                )
            }
            try InputFile.write(
                Array(GenesisFile.document(plan.genesis).utf8),
                to: root + "/genesis.json"
            )
        }

        private func show(_ plan: DevnetPlan, _ root: String) {
            let result: JSON = [
                "chain": .string("\(plan.genesis.chain)"),
                "genesis": .string("\(plan.genesis.hash)"),
                "home": .string(root),
                "keys": .string(root + "/keys"),
                "validators": .array(
                    plan.validators.map {
                        [
                            "name": .string($0.name),
                            "address": .string($0.owner.address.text(.test)),
                            "rpc": .string("http://127.0.0.1:\($0.rpcPort)"),
                            "home": .string(root + "/" + $0.name),
                        ]
                    }
                ),
                "accounts": .array(
                    plan.accounts.map {
                        [
                            "name": .string($0.name),
                            "address": .string($0.address.text(.test)),
                            "balance": .string(String(DevnetPlan.funds.units)),
                        ]
                    }
                ),
            ]
            switch output.output {
            case .json: output.show(result)
            case .text: printBanner(plan, root)
            }
        }

        /// What a developer wants to see first.
        private func printBanner(_ plan: DevnetPlan, _ root: String) {
            print("OpenLedger devnet \(plan.genesis.chain), genesis \(plan.genesis.hash)\n")
            print("Accounts (\(DevnetPlan.funds) each)")
            for line in TextRendering.table(
                ["name", "address"],
                plan.accounts.map { [$0.name, $0.address.text(.test)] }
            ) { print("  " + line) }
            print("\nSecret seeds")
            for person in plan.accounts { print("  \(person.name)  0x\(Hex.encode(person.seed))") }
            print("\nWords: \(DevnetPlan.phrase)")
            print("Path:  m/44'/1'/N'/0'")
            print("Everyone knows these words. Never use these keys on a real network.\n")
            print("Start the validators, each in a terminal of its own:")
            for validator in plan.validators {
                print("  openledger node run --home \(root)/\(validator.name)")
            }
            print("Then try:")
            let url = "--url http://127.0.0.1:\(plan.validators.first?.rpcPort ?? 0)"
            print("  openledger query status \(url)")
            if let first = plan.accounts.first, let second = plan.accounts.dropFirst().first {
                print("  openledger query balance \(first.address.text(.test)) \(url)")
                print(
                    "  openledger tx send \(second.address.text(.test)) 5 --from \(first.name) "
                        + "--keys \(root)/keys \(url)"
                )
            }
        }
    }

    struct GenesisDocument: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "genesis",
            abstract: "Print the devnet's genesis document."
        )
        @Option(help: "How many validators.") var validators = 4
        @Option(help: "How many funded accounts.") var accounts = 10

        func run() throws {
            let plan = try CommandFailure.wrap(.failed) {
                try DevnetPlan(validators: validators, accounts: accounts, basePort: 26_650)
            }
            print(GenesisFile.document(plan.genesis), terminator: "")
        }
    }
}
