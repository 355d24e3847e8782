import ArgumentParser
import Foundation
import Node

/// A network of validators on this machine.
struct DevnetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devnet",
        abstract: "A network on this machine, for trying things.",
        subcommands: [Init.self, DevnetStart.self, GenesisDocument.self]
    )

    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the homes of validators and the keys of funded accounts."
        )
        @OptionGroup var network: DevnetOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let root = network.home.path
            guard !FileManager.default.fileExists(atPath: root + "/genesis.json") else {
                throw CommandFailure(.environment, "there is a network in \(root) already")
            }
            let plan = try network.plan()
            try network.write(plan)
            switch output.output {
            case .json: output.show(DevnetBanner.json(plan, root))
            case .text:
                DevnetBanner.printNetwork(plan, root)
                print("Start the validators with one command, or each in a terminal of its own:")
                print("  openledger devnet start --home \(root)")
                for validator in plan.validators {
                    print("  openledger node run --home \(root)/\(validator.name)")
                }
                DevnetBanner.printNext(plan, root)
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
