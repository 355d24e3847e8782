import ArgumentParser
import Foundation
import Ledger
import Node
import Primitives

struct GenesisCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "genesis",
        abstract: "Make a new chain's genesis of what a stopped node holds.",
        subcommands: [Export.self]
    )

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a genesis in which everyone owns what they own now.",
            discussion: """
                Reads the home of a node that does not run. Balances stay; stake of its own makes \
                a validator in service a validator again; stake with others, stake on its way \
                out, rewards, bonds, deposits and vesting become balances of whom they belong to. \
                Datanets, models, adapters and claims are not carried over. Equal states give \
                equal documents.
                """
        )
        @Option(help: "The new chain's id, such as openledger-2.") var chain: String
        @OptionGroup var home: HomeOptions

        func run() throws {
            guard let chain = ChainID(chain) else {
                throw CommandFailure(.badInput, "--chain must be 1 to 32 printable characters")
            }
            let old = try CommandFailure.wrap(.badInput) {
                try GenesisFile.read(try InputFile.read(home.path + "/genesis.json"))
            }
            guard chain != old.chain else {
                throw CommandFailure(.badInput, "--chain must differ from the old chain's id")
            }
            do {
                let exported = try StoredGenesis.export(
                    home: NodeHome(path: home.path),
                    genesis: old,
                    chain: chain
                )
                Remark.write("taken at height \(exported.height.value)")
                print(GenesisFile.document(exported.genesis), terminator: "")
            } catch {
                throw CommandFailure(.environment, error.description)
            }
        }
    }
}
