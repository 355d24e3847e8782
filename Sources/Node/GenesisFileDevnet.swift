// A network for one machine, derived from words that everyone knows: the same genesis each time,
// so that two people see the same addresses. Nothing of value may ever be kept under these keys.

import Cryptography
package import Ledger
package import Primitives
import RPC
import Wallet

package struct DevnetPlan: Sendable {
    package enum Failure: Error { case impossible(String) }

    package static let phrase = "test test test test test test test test test test test junk"
    static let chain = "openledger-devnet"
    /// 2025-12-01 00:00 UTC.
    static let time: UInt64 = 1_764_547_200_000
    package static let funds = Amount(tokens: 100_000)
    static let stake = Amount(tokens: 1_000_000)
    /// What a validator's owner has besides its stake.
    static let ownerFunds = Amount(tokens: 10_000)
    private static let treasury = Amount(tokens: 100_000_000)

    package struct Person: Sendable {
        package let name: String
        package let seed: [UInt8]
        package let key: PublicKey

        package var address: Address { Address(firstKey: key) }
    }

    /// One validator: its owner's account, the hot key, and the key that peers know it by.
    package struct Validator: Sendable {
        package let name: String
        package let owner: Person
        package let hot: Person
        package let node: Person
        package let rpcPort: Int
        package let networkPort: Int
    }

    package let accounts: [Person]
    package let validators: [Validator]
    package let genesis: Genesis

    package init(validators count: Int, accounts accountCount: Int, basePort: Int) throws {
        let seed = try Mnemonic(phrase: Self.phrase).seed()
        func person(_ name: String, _ account: UInt32) throws -> Person {
            let path = DerivationPath.account(account, coin: DerivationPath.testCoin)
            let key = try KeyDerivation.signingKey(seed: seed, path: path)
            return Person(name: name, seed: key.exposedSeed(), key: key.publicKey)
        }
        accounts = try (0..<accountCount).map { try person("account-\($0)", UInt32($0)) }
        validators = try (0..<count).map { index in
            let name = "validator-\(index)"
            return Validator(
                name: name,
                owner: try person(name, 1_000 + UInt32(index)),
                hot: try person(name + "-hot", 2_000 + UInt32(index)),
                node: try person(name + "-node", 3_000 + UInt32(index)),
                rpcPort: basePort + 2 * index,
                networkPort: basePort + 2 * index + 1
            )
        }
        genesis = try Self.genesis(validators, accounts)
    }

    private static func genesis(_ validators: [Validator], _ accounts: [Person]) throws -> Genesis {
        guard let chain = ChainID(chain) else {
            throw Failure.impossible("the chain id")
        }
        let balances =
            validators.map { Genesis.Balance(address: $0.owner.address, amount: ownerFunds) }
            + accounts.map { Genesis.Balance(address: $0.address, amount: funds) }
        var rest = try Genesis.supply.subtracting(treasury)
        for balance in balances { rest = try rest.subtracting(balance.amount) }
        for _ in validators { rest = try rest.subtracting(stake) }
        return Genesis(
            chain: chain,
            time: time,
            parameters: .devnet,
            validators: validators.map {
                Genesis.Member(
                    owner: $0.owner.address,
                    key: $0.hot.key,
                    stake: stake,
                    commissionPerMille: 100
                )
            },
            balances: balances,
            treasury: treasury,
            rewardPool: rest
        )
    }

    /// The configuration of one validator: every other one is its peer.
    package func configuration(of validator: Validator, from base: Configuration) -> Configuration {
        var configuration = base
        configuration.name = validator.name
        configuration.rpc.port = validator.rpcPort
        configuration.network.port = validator.networkPort
        // Any free one, which the log names: the default is one port for one node.
        configuration.metrics.port = 0
        configuration.network.peers = validators.filter { $0.name != validator.name }.map {
            "\(Hex.encode($0.node.key.bytes))@127.0.0.1:\($0.networkPort)"
        }
        configuration.keys.validator = "keys/validator.json"
        return configuration
    }
}
