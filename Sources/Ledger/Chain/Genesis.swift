import Cryptography
package import Primitives

/// The first state of a network, and its name. Nodes with different genesis hashes do not talk.
package struct Genesis: Sendable, Hashable {
    /// A validator from the first block on; its stake is its owner's own.
    package struct Member: Sendable, Hashable {
        package let owner: Address
        package let key: PublicKey
        package let stake: Amount
        package let commissionPerMille: UInt16

        package init(owner: Address, key: PublicKey, stake: Amount, commissionPerMille: UInt16) {
            self.owner = owner
            self.key = key
            self.stake = stake
            self.commissionPerMille = commissionPerMille
        }
    }

    package struct Balance: Sendable, Hashable {
        package let address: Address
        package let amount: Amount

        package init(address: Address, amount: Amount) {
            self.address = address
            self.amount = amount
        }
    }

    package static let memberLimit = 128
    package static let balanceLimit = 100_000
    /// All OPEN that there will ever be.
    package static let supply = Amount(tokens: 1_000_000_000)

    package let chain: ChainID
    /// Milliseconds since 1970.
    package let time: UInt64
    package let parameters: ChainParameters
    package let validators: [Member]
    /// In ascending order of address.
    package let balances: [Balance]
    package let treasury: Amount
    /// What block rewards are paid from. With balances, stakes and treasury it makes the supply.
    package let rewardPool: Amount

    package init(
        chain: ChainID,
        time: UInt64,
        parameters: ChainParameters,
        validators: [Member],
        balances: [Balance],
        treasury: Amount,
        rewardPool: Amount
    ) {
        self.chain = chain
        self.time = time
        self.parameters = parameters
        self.validators = validators
        self.balances = balances.sorted { $0.address < $1.address }
        self.treasury = treasury
        self.rewardPool = rewardPool
    }

    package var hash: Digest { taggedHash(LedgerTag.genesis, borshBytes) }

    /// The beacon before the first block.
    package var beacon: Digest { taggedHash(LedgerTag.beacon, hash.bytes) }
}

extension Genesis.Member: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(owner)
        writer.write(key)
        writer.write(stake)
        writer.write(commissionPerMille)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        owner = try Address(from: &reader)
        key = try PublicKey(from: &reader)
        stake = try Amount(from: &reader)
        commissionPerMille = try reader.readPerMille()
    }
}

extension Genesis.Balance: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(address)
        writer.write(amount)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        address = try Address(from: &reader)
        amount = try Amount(from: &reader)
    }
}

extension Genesis: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(chain)
        writer.write(time)
        writer.write(parameters)
        writer.writeArray(validators)
        writer.writeArray(balances)
        writer.write(treasury)
        writer.write(rewardPool)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        chain = try ChainID(from: &reader)
        time = try reader.readUInt64()
        parameters = try ChainParameters(from: &reader)
        validators = try reader.readArray(limit: Self.memberLimit)
        let list: [Balance] = try reader.readArray(limit: Self.balanceLimit)
        try reader.require(
            zip(list, list.dropFirst()).allSatisfy { $0.address < $1.address },
            "balances"
        )
        balances = list
        treasury = try Amount(from: &reader)
        rewardPool = try Amount(from: &reader)
    }
}
