import Cryptography
package import Ledger
import Primitives
package import Replica
import StateTree
import Voting

/// A small chain: some validators of unequal stake, some funded accounts.
package struct SimulatedGenesis {
    package let genesis: Genesis
    package let record: ChainRecord
    package let tip: ChainTip
    package let changes: [StateChange]
    let tree: TreeUpdate
    /// Seeds of the validators' hot keys, in the order of `genesis.validators`.
    package let validatorSeeds: [[UInt8]]
    /// Seeds of the accounts' keys.
    let accountSeeds: [[UInt8]]
    /// Seeds of the owners' keys, and of the hot keys that may follow the first ones; with those of
    /// one more validator, which the genesis does not have.
    let ownerSeeds: [[UInt8]]
    let nextSeeds: [[UInt8]]
    let joinerSeed: [UInt8]

    static let start: UInt64 = 1_700_000_000_000

    package init(
        validators: Int,
        accounts: Int,
        adjust: (inout ChainParameters) -> Void = { _ in }
    ) throws {
        guard let chain = ChainID("simulation") else { throw SimulationError.setup }
        validatorSeeds = (0..<validators).map { Self.seed(1, $0) }
        accountSeeds = (0..<accounts).map { Self.seed(2, $0) }
        ownerSeeds = (0...validators).map { Self.seed(3, $0) }
        nextSeeds = (0...validators).map { Self.seed(4, $0) }
        joinerSeed = Self.seed(1, validators)
        let members = try validatorSeeds.enumerated().map { offset, seed in
            let owner = try SigningKey(seed: Self.seed(3, offset)).publicKey
            return Genesis.Member(
                owner: Address(firstKey: owner),
                key: try SigningKey(seed: seed).publicKey,
                stake: Amount(tokens: 10_000 + UInt64(offset) * 100),
                commissionPerMille: 100
            )
        }
        let balances = try (accountSeeds + ownerSeeds).map { seed in
            Genesis.Balance(
                address: Address(firstKey: try SigningKey(seed: seed).publicKey),
                amount: Amount(tokens: 20_000)
            )
        }
        var rest = Genesis.supply
        for part in members.map(\.stake) + balances.map(\.amount) {
            rest = try rest.subtracting(part)
        }
        var parameters = ChainParameters.test
        parameters.timing.heartbeatMilliseconds = 1_000
        adjust(&parameters)
        genesis = Genesis(
            chain: chain,
            time: Self.start,
            parameters: parameters,
            validators: members,
            balances: balances,
            treasury: rest,
            rewardPool: .zero
        )
        record = ChainRecord(chain: chain, genesis: genesis.hash, parameters: parameters)
        let state = try genesis.initialState()
        changes = state.changes
        tree = try StateTree.apply(
            changes.map { (key: $0.key, value: $0.value) },
            at: nil,
            to: 0,
            in: MemoryNodeStore()
        )
        tip = ChainTip(genesis: genesis, stateRoot: tree.root, validators: state.validators)
    }

    private static func seed(_ family: UInt8, _ number: Int) -> [UInt8] {
        [family, UInt8(number)] + [UInt8](repeating: 7, count: 30)
    }
}

package enum SimulationError: Error {
    case setup
}
