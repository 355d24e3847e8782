// A genesis as a document that people can read and compare. The chain knows only the Borsh form;
// equal documents give equal bytes and so the same genesis hash on every machine.

import Commitments
import JSON
package import Ledger
import Primitives

package enum GenesisFile {
    /// A document with 100,000 balances is about 10 MiB.
    private static let byteLimit = 32 << 20

    package static func read(_ bytes: [UInt8]) throws(GenesisFileError) -> Genesis {
        let value: JSON
        do { value = try JSON.parse(bytes, byteLimit: byteLimit, depthLimit: 8) } catch {
            throw .notJSON("\(error)")
        }
        let fields = try GenesisFields(value, path: "")
        guard let chain = ChainID(try fields.text("chain")) else {
            throw .wrongKind("chain", expected: "1 to 32 printable ASCII characters")
        }
        let prefix = AddressPrefix(chain: chain)
        let genesis = Genesis(
            chain: chain,
            time: try fields.integer("time"),
            parameters: try parameters(try fields.fields("parameters")),
            validators: try members(try fields.list("validators"), prefix),
            balances: try balances(try fields.list("balances"), prefix),
            treasury: try fields.amount("treasury"),
            rewardPool: try fields.amount("rewardPool")
        )
        try fields.finish()
        try checkSupply(genesis)
        return genesis
    }

    /// The document of a genesis; reading it gives the genesis back.
    package static func document(_ genesis: Genesis) -> String {
        let prefix = AddressPrefix(chain: genesis.chain)
        let value: JSON = [
            "chain": .string(genesis.chain.description),
            "time": .integer(genesis.time),
            "parameters": parameters(genesis.parameters),
            "validators": .array(
                genesis.validators.map {
                    [
                        "owner": .string($0.owner.text(prefix)),
                        "key": .string($0.key.description),
                        "stake": .string($0.stake.description),
                        "commissionPerMille": .integer($0.commissionPerMille),
                    ]
                }
            ),
            "balances": .array(
                genesis.balances.map {
                    [
                        "address": .string($0.address.text(prefix)),
                        "amount": .string($0.amount.description),
                    ]
                }
            ),
            "treasury": .string(genesis.treasury.description),
            "rewardPool": .string(genesis.rewardPool.description),
        ]
        return value.prettyText + "\n"
    }

    private static func members(
        _ list: [GenesisFields],
        _ prefix: AddressPrefix
    ) throws(GenesisFileError) -> [Genesis.Member] {
        guard !list.isEmpty, list.count <= Genesis.memberLimit else { throw .noValidators }
        var members: [Genesis.Member] = []
        for fields in list {
            members.append(
                Genesis.Member(
                    owner: try fields.address("owner", prefix),
                    key: try fields.publicKey("key"),
                    stake: try fields.amount("stake"),
                    commissionPerMille: try fields.integer("commissionPerMille")
                )
            )
            try fields.finish()
        }
        return members
    }

    private static func balances(
        _ list: [GenesisFields],
        _ prefix: AddressPrefix
    ) throws(GenesisFileError) -> [Genesis.Balance] {
        var seen: Set<Address> = []
        var balances: [Genesis.Balance] = []
        for fields in list {
            let address = try fields.address("address", prefix)
            guard seen.insert(address).inserted else {
                throw .duplicateBalance(address.text(prefix))
            }
            balances.append(
                Genesis.Balance(address: address, amount: try fields.amount("amount"))
            )
            try fields.finish()
        }
        return balances
    }

    private static func checkSupply(_ genesis: Genesis) throws(GenesisFileError) {
        var sum = Amount.zero
        do {
            for member in genesis.validators { sum = try sum.adding(member.stake) }
            for balance in genesis.balances { sum = try sum.adding(balance.amount) }
            sum = try sum.adding(genesis.treasury).adding(genesis.rewardPool)
        } catch {
            throw .wrongSupply(found: "too much to count", expected: Genesis.supply.description)
        }
        guard sum == Genesis.supply else {
            throw .wrongSupply(found: sum.description, expected: Genesis.supply.description)
        }
    }
}

extension GenesisFile {
    private static func parameters(
        _ fields: GenesisFields
    ) throws(GenesisFileError) -> ChainParameters {
        var parameters = ChainParameters.standard
        for group in GenesisParameter.groups {
            let members = group.isEmpty ? fields : try fields.fields(group)
            for parameter in GenesisParameter.all where parameter.group == group {
                try parameter.read(members, into: &parameters)
            }
            if group == "claims" {
                parameters.claims.samples = try samples(try members.fields("samples"))
            }
            if !group.isEmpty { try members.finish() }
        }
        try fields.finish()
        do { try parameters.validate() } catch { throw .invalidParameters(error.rule) }
        return parameters
    }

    private static func samples(_ fields: GenesisFields) throws(GenesisFileError) -> [SampleSize] {
        var samples: [SampleSize] = []
        for kind in JobKind.allCases {
            let size = try fields.fields("\(kind)")
            samples.append(
                SampleSize(
                    whole: try size.integer("whole"),
                    uniform: try size.integer("uniform"),
                    perMille: try size.integer("perMille"),
                    weighted: try size.integer("weighted")
                )
            )
            try size.finish()
        }
        try fields.finish()
        return samples
    }

    private static func parameters(_ parameters: ChainParameters) -> JSON {
        var members: [JSONObject.Member] = []
        for group in GenesisParameter.groups {
            var list = GenesisParameter.all.filter { $0.group == group }
                .map { $0.write(parameters) }
            if group == "claims" { list.append(.init(key: "samples", value: samples(parameters))) }
            if group.isEmpty {
                members += list
            } else {
                members.append(.init(key: group, value: .object(JSONObject(list))))
            }
        }
        return .object(JSONObject(members))
    }

    private static func samples(_ parameters: ChainParameters) -> JSON {
        .object(
            JSONObject(
                JobKind.allCases.map { kind in
                    let size = parameters.claims.sample(kind)
                    return .init(
                        key: "\(kind)",
                        value: [
                            "whole": .integer(size.whole), "uniform": .integer(size.uniform),
                            "perMille": .integer(size.perMille),
                            "weighted": .integer(size.weighted),
                        ]
                    )
                }
            )
        )
    }
}
