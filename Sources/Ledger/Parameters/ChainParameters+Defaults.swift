// The defaults. docs/protocol.md derives them.

import Primitives

extension ChainParameters {
    /// For a network of strangers.
    package static let standard = ChainParameters(
        timing: ConsensusTiming(
            proposeMilliseconds: 3_000,
            proposeDeltaMilliseconds: 500,
            voteMilliseconds: 1_000,
            voteDeltaMilliseconds: 500,
            heartbeatMilliseconds: 30_000,
            clockSkewMilliseconds: 2_000
        ),
        minimumFee: Amount(units: 1_000_000_000_000_000),
        maxTransactionBytes: 262_144,
        staking: StakingParameters(
            epochLength: 100,
            unbondingHeights: 200_000,
            evidenceHeights: 150_000,
            minimumStake: Amount(tokens: 10_000),
            maxValidators: 100,
            maxCandidates: 256,
            equivocationSlashPerMille: 50,
            jailHeights: 2_000,
            missedVerdictLimit: 5,
            blockReward: .zero,
            proposerFeePerMille: 800,
            voteWindow: 16_000,
            missedVoteLimit: 15_000,
            downtimeSlashPerMille: 1,
            commissionHeights: 20_000,
            commissionChangePerMille: 10,
            upgradeNoticeHeights: 20_000
        ),
        contributionRevealHeights: 2_000,
        maxContributions: 100_000,
        bondHoldHeights: 200_000,
        claims: ClaimParameters(
            beaconDelay: 2,
            committeeSize: 32,
            maxAttempts: 3,
            commitHeights: 2_000,
            revealHeights: 200,
            challengeHeights: 2_000,
            minimumBond: Amount(tokens: 100),
            verificationFee: Amount(tokens: 2),
            minimumChallengeBond: Amount(tokens: 20),
            minimumAdapterBond: Amount(tokens: 200),
            finderPerMille: 500,
            unavailableSlashPerMille: 100,
            minoritySlash: Amount(tokens: 50),
            absenceSlash: Amount(tokens: 10),
            maxUnits: 1_000_000,
            samples: [
                SampleSize(whole: 480, uniform: 480, weighted: 0),
                SampleSize(whole: 16, uniform: 16, perMille: 480, weighted: 0),
                SampleSize(whole: 400, uniform: 400, weighted: 0),
                SampleSize(whole: 64, uniform: 96, weighted: 96),
                SampleSize(whole: 64, uniform: 96, weighted: 96),
            ]
        ),
        settlement: .standard(vesting: 2_000, channelClose: 20_000)
    )

    /// For trying everything on one machine: short windows, small samples, small bonds.
    package static let devnet = ChainParameters(
        timing: ConsensusTiming(
            proposeMilliseconds: 1_000,
            proposeDeltaMilliseconds: 200,
            voteMilliseconds: 500,
            voteDeltaMilliseconds: 200,
            heartbeatMilliseconds: 500,
            clockSkewMilliseconds: 2_000
        ),
        minimumFee: Amount(units: 1_000_000_000_000_000),
        maxTransactionBytes: 262_144,
        staking: StakingParameters(
            epochLength: 20,
            unbondingHeights: 400,
            evidenceHeights: 300,
            minimumStake: Amount(tokens: 1_000),
            maxValidators: 16,
            maxCandidates: 64,
            equivocationSlashPerMille: 50,
            jailHeights: 60,
            missedVerdictLimit: 10,
            blockReward: .zero,
            proposerFeePerMille: 800,
            voteWindow: 1_600,
            missedVoteLimit: 800,
            downtimeSlashPerMille: 1,
            commissionHeights: 100,
            commissionChangePerMille: 50,
            upgradeNoticeHeights: 20
        ),
        contributionRevealHeights: 200,
        maxContributions: 1_000,
        bondHoldHeights: 20_000,
        claims: ClaimParameters(
            beaconDelay: 2,
            committeeSize: 3,
            maxAttempts: 3,
            commitHeights: 400,
            revealHeights: 60,
            challengeHeights: 4,
            minimumBond: Amount(tokens: 10),
            verificationFee: Amount(tokens: 1),
            minimumChallengeBond: Amount(tokens: 5),
            minimumAdapterBond: Amount(tokens: 20),
            finderPerMille: 500,
            unavailableSlashPerMille: 100,
            minoritySlash: Amount(tokens: 5),
            absenceSlash: Amount(tokens: 1),
            maxUnits: 100_000,
            samples: [
                SampleSize(whole: 8, uniform: 8, weighted: 0),
                SampleSize(whole: 32, uniform: 32, weighted: 0),
                SampleSize(whole: 8, uniform: 8, weighted: 0),
                SampleSize(whole: 8, uniform: 4, weighted: 4),
                SampleSize(whole: 8, uniform: 4, weighted: 4),
            ]
        ),
        settlement: .standard(vesting: 4, channelClose: 2_000)
    )

    /// For tests: the devnet with windows that a test can walk through by hand.
    package static let test: ChainParameters = {
        var parameters = devnet
        parameters.staking.epochLength = 5
        parameters.staking.unbondingHeights = 20
        parameters.staking.evidenceHeights = 10
        parameters.staking.jailHeights = 5
        parameters.staking.missedVerdictLimit = 2
        parameters.staking.voteWindow = 160
        parameters.staking.missedVoteLimit = 80
        parameters.staking.commissionHeights = 10
        parameters.staking.upgradeNoticeHeights = 3
        parameters.contributionRevealHeights = 6
        parameters.bondHoldHeights = 400
        parameters.claims.commitHeights = 6
        parameters.claims.revealHeights = 6
        parameters.claims.challengeHeights = 3
        parameters.settlement.vestingHeights = 2
        parameters.settlement.channelCloseHeights = 60
        return parameters
    }()
}

extension SettlementParameters {
    /// Half to those whose data it was.
    package static func standard(vesting: UInt64, channelClose: UInt64) -> SettlementParameters {
        SettlementParameters(
            contributorsPerMille: 500,
            adapterOwnerPerMille: 100,
            modelOwnerPerMille: 50,
            providerPerMille: 200,
            validatorsPerMille: 100,
            treasuryPerMille: 50,
            contributorCapPerMille: 800,
            negativeSlashPerMille: 200,
            vestingHeights: vesting,
            channelCloseHeights: channelClose
        )
    }
}
