import Ledger
import Primitives
import Testing

@Suite("A state as another genesis") struct GenesisExportTests {
    private func export(_ world: World, reversed: Bool = false) throws -> Genesis {
        var export = GenesisExport()
        let entries = world.state.values.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (key, value) in reversed ? entries.reversed() : entries {
            try export.take(key: key, value: value)
        }
        return try export.genesis(chain: try #require(ChainID("test-2")), time: 5_000)
    }

    /// Stake with others, stake on its way out, bonds, deposits, claims, and rewards that wait.
    private func lived() throws -> World {
        let world = try World { $0.staking.blockReward = Amount(tokens: 1) }
        let owner = world.operators[1].owner.address
        try world.send(
            world.users[0],
            .delegate(Delegate(validator: owner, amount: Amount(tokens: 700)))
        )
        try world.send(
            world.users[0],
            .undelegate(Undelegate(validator: owner, amount: Amount(tokens: 300)))
        )
        let serving = try Serving(world)
        let rows = [try serving.row(1, fee: Amount(tokens: 1), weights: [100])]
        try world.send(serving.provider, .submitClaim(serving.claimTerms(.inference, rows)))
        return world
    }

    @Test("everyone owns what they owned, as balance or stake, and the supply is whole")
    func conserves() throws {
        let world = try lived()
        let genesis = try export(world)
        try genesis.validate()
        #expect(genesis.parameters == world.parameters)
        #expect(
            genesis.validators.map(\.owner).sorted()
                == world.operators.map(\.owner.address).sorted()
        )
        #expect(genesis.rewardPool == (try world.pools().rewardPool))
        let delegator = world.users[0].address
        let balance = try #require(genesis.balances.first { $0.address == delegator }?.amount)
        let free = try world.account(delegator).balance
        let whole = try free.adding(Amount(tokens: 400))
        #expect(try balance >= free.adding(Amount(tokens: 399)))
        #expect(try balance <= whole.adding(Amount(tokens: 1)), "stake with a share of rewards")
        let payer = world.users[6].address
        let deposit = Amount(tokens: 100)
        #expect(
            genesis.balances.first { $0.address == payer }?.amount
                == (try world.account(payer).balance.adding(deposit))
        )
    }

    @Test("the order of entries does not matter, and the chain starts with the same balances")
    func starts() throws {
        let world = try lived()
        let genesis = try export(world)
        #expect(try export(world, reversed: true).hash == genesis.hash)
        let start = try genesis.initialState()
        #expect(start.validators.count == 4)
        var state = MemoryState()
        state.apply(start.changes)
        for balance in genesis.balances {
            let bytes = try #require(state.values[StateKey.account(balance.address)])
            #expect(try Account(borsh: bytes).balance == balance.amount)
        }
    }

    @Test("a state without validators, or that is none, is refused, and damage is named")
    func refusals() throws {
        let world = try World()
        var record = try world.validator(0)
        var export = GenesisExport()
        let chain = try #require(ChainID("test-2"))
        #expect(throws: GenesisExport.Failure.missingGenesis) {
            try export.genesis(chain: chain, time: 1)
        }
        for key in [StateKey.chain, StateKey.pools] {
            try export.take(key: key, value: try #require(world.state.values[key]))
        }
        record.status = .tombstoned
        try export.take(key: StateKey.validator(record.owner), value: record.borshBytes)
        #expect(throws: GenesisExport.Failure.noValidators) {
            try export.genesis(chain: chain, time: 1)
        }
        let key = StateKey.account(record.owner)
        #expect(throws: GenesisExport.Failure.corruptState(key: key)) {
            try export.take(key: key, value: [1])
        }
    }
}
