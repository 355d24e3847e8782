import Ledger
import Primitives
import Testing

@Suite("Genesis") struct GenesisTests {
    private func genesis(
        _ parameters: ChainParameters = .test,
        members: [Genesis.Member]? = nil,
        balances: [Genesis.Balance] = [],
        treasury: UInt64 = 999_990_000
    ) throws -> Genesis {
        Genesis(
            chain: try #require(ChainID("test-1")),
            time: 0,
            parameters: parameters,
            validators: members ?? [member(1)],
            balances: balances,
            treasury: Amount(tokens: treasury),
            rewardPool: .zero
        )
    }

    private func member(
        _ number: UInt8,
        key: Actor? = nil,
        stake: UInt64 = 10_000
    ) -> Genesis.Member {
        Genesis.Member(
            owner: Actor(number).address,
            key: (key ?? Actor(number + 50)).key,
            stake: Amount(tokens: stake),
            commissionPerMille: 0
        )
    }

    @Test("the defaults are valid, and so is a document that hands out exactly the supply")
    func valid() throws {
        for parameters in [ChainParameters.standard, .devnet, .test] {
            try parameters.validate()
            try genesis(parameters).validate()
        }
        let start = try genesis().initialState()
        #expect(start.validators.total == 10_000)
        let keys = start.changes.map(\.key)
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
    }

    @Test("a document that starts no network is refused, with the culprit")
    func invalid() throws {
        let small = try genesis(members: [member(1, stake: 999)])
        #expect(
            throws: Genesis.Fault.stakeTooSmall(
                owner: Actor(1).address,
                stake: Amount(tokens: 999)
            )
        ) { try small.validate() }
        let none = try genesis(members: [])
        #expect(throws: Genesis.Fault.noValidators) { try none.validate() }
        let owners = try genesis(members: [member(1), member(1, key: Actor(9))])
        #expect(throws: Genesis.Fault.repeatedOwner(Actor(1).address)) { try owners.validate() }
        let keys = try genesis(members: [member(1, key: Actor(9)), member(2, key: Actor(9))])
        #expect(throws: Genesis.Fault.repeatedKey(Actor(9).key)) { try keys.validate() }
        let much = try genesis(treasury: 999_990_001)
        #expect(
            throws: Genesis.Fault.supplyMismatch(
                expected: Genesis.supply,
                found: Amount(tokens: 1_000_000_001)
            )
        ) { try much.validate() }
        let twice = Genesis.Balance(address: Actor(3).address, amount: .zero)
        let repeated = try genesis(balances: [twice, twice])
        #expect(throws: Genesis.Fault.repeatedBalance(twice.address)) { try repeated.validate() }
        let overflowing = try genesis(
            balances: [Genesis.Balance(address: Actor(3).address, amount: Amount(units: .max))])
        #expect(throws: Genesis.Fault.self) { try overflowing.validate() }
    }

    static let faults: [(ChainParameters.Fault, @Sendable (inout ChainParameters) -> Void)] = [
        (.timing, { $0.timing.heartbeatMilliseconds = 0 }),
        (.maxTransactionBytes, { $0.maxTransactionBytes = 600_000 }),
        (.epochLength, { $0.staking.epochLength = 0 }),
        (.validatorLimits, { $0.staking.maxValidators = 129 }),
        (.unbondingNotLongest, { $0.staking.unbondingHeights = $0.staking.evidenceHeights }),
        (.minimumStake, { $0.staking.minimumStake = Amount(units: 1) }),
        (.missedVerdictLimit, { $0.staking.missedVerdictLimit = 0 }),
        (.voteWindow, { $0.staking.voteWindow = 0 }),
        (.voteWindow, { $0.staking.voteWindow = 17 }),
        (.voteWindow, { $0.staking.voteWindow = 1 << 21 }),
        (.missedVoteLimit, { $0.staking.missedVoteLimit = 0 }),
        (.missedVoteLimit, { $0.staking.missedVoteLimit = 161 }),
        (.partsOfThousand, { $0.staking.downtimeSlashPerMille = 1_001 }),
        (.partsOfThousand, { $0.staking.commissionChangePerMille = 1_001 }),
        (.partsOfThousand, { $0.settlement.contributorCapPerMille = 1_001 }),
        (.durationOutOfRange, { $0.staking.commissionHeights = 0 }),
        (.durationOutOfRange, { $0.staking.upgradeNoticeHeights = 1 << 41 }),
        (.maxContributions, { $0.maxContributions = 0 }),
        (.durationOutOfRange, { $0.claims.challengeHeights = 0 }),
        (.beaconDelay, { $0.claims.beaconDelay = 1 }),
        (.committeeSize, { $0.claims.committeeSize = 33 }),
        (.attempts, { $0.claims.maxAttempts = 0 }),
        (.maxUnits, { $0.claims.maxUnits = 0 }),
        (.samples, { $0.claims.samples.removeLast() }),
        (.sharesNotWhole, { $0.settlement.treasuryPerMille += 1 }),
        (.channelCloseTooSoon, { $0.settlement.channelCloseHeights = 5 }),
    ]

    @Test("parameters that cannot work are refused by name", arguments: faults.indices)
    func parameterFaults(index: Int) {
        var parameters = ChainParameters.test
        Self.faults[index].1(&parameters)
        #expect(throws: Self.faults[index].0) { try parameters.validate() }
    }
}
