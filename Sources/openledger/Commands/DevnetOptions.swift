import ArgumentParser
import Cryptography
import Foundation
import JSON
import Ledger
import Node
import Primitives

/// What a devnet is made of.
struct DevnetOptions: ParsableArguments {
    @Option(help: "How many validators.") var validators = 4
    @Option(help: "How many funded accounts.") var accounts = 10
    @Option(help: "The first of two ports for each validator.") var basePort = 26_650
    @Option(help: "A configuration that all validators begin with.") var config: String?
    @OptionGroup var home: HomeOptions

    func plan() throws -> DevnetPlan {
        guard (1...128).contains(validators), (0...100).contains(accounts) else {
            throw CommandFailure(.badInput, "there can be 1 to 128 validators and 100 accounts")
        }
        guard (1...65_535 - 2 * validators).contains(basePort) else {
            throw CommandFailure(.badInput, "there are not enough ports from \(basePort) on")
        }
        return try CommandFailure.wrap(.failed) {
            try DevnetPlan(validators: validators, accounts: accounts, basePort: basePort)
        }
    }

    /// Writes the homes and, last, the genesis document that marks the network as whole.
    func write(_ plan: DevnetPlan) throws {
        let root = home.path
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
}

/// What a developer wants to see first.
enum DevnetBanner {
    static func json(_ plan: DevnetPlan, _ root: String) -> JSON {
        [
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
    }

    static func printNetwork(_ plan: DevnetPlan, _ root: String) {
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
        print("Least fee: \(plan.genesis.parameters.minimumFee) a transaction")
        print("Everyone knows these words. Never use these keys on a real network.\n")
    }

    static func printNext(_ plan: DevnetPlan, _ root: String) {
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
