import Foundation
import JSON

extension Story {
    /// Step 1: a generated genesis, four processes, blocks that all four agree on.
    mutating func startNetwork() async throws {
        let network = try await tool.json([
            "devnet", "init", "--home", home.appending(path: "network").path, "--validators", "4",
            "--accounts", "10", "--base-port", String(try Ports.firstOfFree(16)),
        ])
        keys = try network.text("keys")
        people = Cast(
            people: try network.list("accounts").map {
                Person(
                    key: try $0.text("name"),
                    address: try $0.text("address"),
                    funded: try $0.money("balance")
                )
            }
        )
        validators = try network.list("validators").map {
            Validator(
                home: try $0.text("home"),
                address: try $0.text("address"),
                rpc: RPCClient(url: try $0.text("rpc")),
                name: try $0.text("name")
            )
        }
        try check(validators.count == 4 && people.people.count == 10, "a genesis is generated")
        let began = ContinuousClock.now
        for validator in validators {
            nodes[validator.name] = try tool.start(
                ["node", "run", "--home", validator.home],
                log: "\(validator.name).log"
            )
        }
        try await agree(at: 3, within: 60)
        report.set(
            "secondsToThirdBlock",
            Report.number(Self.seconds(ContinuousClock.now - began))
        )
        report.set("chain", .string(try network.text("chain")))
        showAccounts()
        try await checkSupply()
    }

    /// Waits until every validator has the block of this height, and compares the hashes.
    private func agree(at height: Int, within seconds: Double) async throws {
        var hashes: Set<String> = []
        for validator in validators {
            let block: JSON = try await wait(
                for: "block \(height) on \(validator.name)",
                seconds: seconds
            ) {
                try await validator.rpc.call("chain_block", ["height": .integer(height)])
            }
            hashes.insert(try block.text("hash"))
        }
        try check(
            hashes.count == 1,
            "four validators in four processes finalised block \(height) with the same hash"
        )
    }

    private mutating func showAccounts() {
        screen.table(
            ["account", "address", "OPEN", "part"],
            people.people.enumerated().map { index, person in
                [
                    person.key, person.address, person.funded.description,
                    index < Cast.size ? Cast.parts[index] : "spare",
                ]
            }
        )
        report.set(
            "accounts",
            .array(
                people.people.map {
                    [
                        "name": .string($0.key), "address": .string($0.address),
                        "balance": .string(String($0.funded.units)),
                    ]
                }
            )
        )
    }
}
