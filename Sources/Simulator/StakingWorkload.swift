import Cryptography
import Ledger
import Primitives

/// What owners and delegators do: one more validator joins, the first one leaves, keys and
/// commissions change, and whoever went to jail comes back.
struct StakingWorkload {
    private struct Owner {
        let seed: [UInt8]
        let address: Address
        let first: ValidatorKey
        let next: ValidatorKey
    }

    private let chain: ChainID
    private let fee: Amount
    private let owners: [Owner]
    private let upgrades: Bool

    init(_ genesis: SimulatedGenesis, upgrades: Bool) throws {
        chain = genesis.record.chain
        fee = genesis.record.parameters.minimumFee
        self.upgrades = upgrades
        let firsts = genesis.validatorSeeds + [genesis.joinerSeed]
        func key(_ seed: [UInt8]) throws -> ValidatorKey {
            ValidatorKey(seed: seed, publicKey: try SigningKey(seed: seed).publicKey)
        }
        owners = try genesis.ownerSeeds.indices.map { place in
            Owner(
                seed: genesis.ownerSeeds[place],
                address: Address(firstKey: try key(genesis.ownerSeeds[place]).publicKey),
                first: try key(firsts[place]),
                next: try key(genesis.nextSeeds[place])
            )
        }
    }

    /// Epochs, terms and windows of a few heights, so that a simulation lives through many.
    static func quicken(_ staking: inout StakingParameters) {
        staking.epochLength = 3
        staking.unbondingHeights = 12
        staking.evidenceHeights = 8
        staking.jailHeights = 3
        staking.voteWindow = 16
        staking.missedVoteLimit = 6
        staking.downtimeSlashPerMille = 10
        staking.commissionHeights = 2
        staking.upgradeNoticeHeights = 4
    }

    func keys(of number: Int) -> [ValidatorKey] { [owners[number].first, owners[number].next] }

    /// - Parameter nonce: what the node says is next.
    func next(
        _ random: inout SimulationRandom,
        _ disk: SimulatedDisk,
        nonce: (Address) -> UInt64
    ) -> SignedTransaction? {
        let owner = owners[random.index(below: owners.count)]
        let kinds: UInt64 = upgrades ? 9 : 6
        guard let action = action(random.number(0...kinds), owner, &random, disk),
            let key = try? SigningKey(seed: owner.seed)
        else { return nil }
        let transaction = Transaction(
            chain: chain,
            sender: owner.address,
            nonce: nonce(owner.address),
            fee: fee,
            action: action
        )
        return transaction.signed(with: key)
    }

    private func action(
        _ kind: UInt64,
        _ owner: Owner,
        _ random: inout SimulationRandom,
        _ disk: SimulatedDisk
    ) -> Action? {
        guard let record = record(of: owner.address, disk) else {
            return proof(owner.first, owner.address).map {
                .registerValidator(
                    RegisterValidator(
                        key: owner.first.publicKey,
                        stake: Amount(tokens: 10_000),
                        commissionPerMille: 100,
                        proof: $0
                    )
                )
            }
        }
        if record.status != .active { return .unjail }
        let other = owners[random.index(below: owners.count)].address
        switch kind {
        case 0:
            let amount = Amount(tokens: random.number(1...3_000))
            return .delegate(Delegate(validator: other, amount: amount))
        case 1:
            let amount = Amount(tokens: random.number(1...1_000))
            return .undelegate(Undelegate(validator: other, amount: amount))
        case 2:
            // Only the first one leaves: the others stay enough to lose some.
            guard owner.address == owners[0].address else { return nil }
            return .undelegate(Undelegate(validator: owner.address, amount: record.bonded.tokens))
        case 3, 4:
            return proof(owner.next, owner.address).map {
                .rotateKey(RotateKey(key: owner.next.publicKey, proof: $0))
            }
        case 5, 6:
            let change = UInt16(random.number(0...60))
            return .setCommission(perMille: record.commissionPerMille / 2 + change)
        default: return .signalVersion(2)
        }
    }

    private func record(of owner: Address, _ disk: SimulatedDisk) -> ValidatorRecord? {
        disk.values(prefix: StateKey.validator(owner)).first.flatMap {
            try? ValidatorRecord(borsh: $0)
        }
    }

    private func proof(_ key: ValidatorKey, _ owner: Address) -> Signature? {
        guard let signer = try? SigningKey(seed: key.seed) else { return nil }
        return signer.sign(RegisterValidator.proofBytes(chain: chain, owner: owner))
    }
}
