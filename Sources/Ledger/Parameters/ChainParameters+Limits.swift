extension ChainParameters.Fault {
    /// Which members of a genesis document are meant, and what they may be.
    package var rule: String {
        switch self {
        case .timing: "timing's propose, vote and heartbeat milliseconds must be 1 to 600000"
        case .maxTransactionBytes: "maxTransactionBytes must be 1024 to 524288"
        case .epochLength: "staking.epochLength must be 1 to 1000000"
        case .validatorLimits:
            "staking.maxValidators must be 1 to 128, staking.maxCandidates from that to 256"
        case .unbondingNotLongest:
            "staking.evidenceHeights must be at least 1 and less than staking.unbondingHeights"
        case .minimumStake: "staking.minimumStake must be at least 1 OPEN"
        case .durationOutOfRange: "every duration in heights must be 1 to 1099511627776"
        case .beaconDelay: "claims.beaconDelay must be at least 2"
        case .committeeSize: "claims.committeeSize must be 1 to 32"
        case .attempts: "claims.maxAttempts must be 1 to 16"
        case .samples: "claims.samples must be at most 65536 each, and uniform at least 1"
        case .maxUnits: "claims.maxUnits must be 1 to 1000000"
        case .sharesNotWhole: "settlement's six shares must sum to 1000"
        case .channelCloseTooSoon:
            "settlement.channelCloseHeights must be at least the longest life of a claim"
        case .maxContributions: "maxContributions must be 1 to 1000000"
        case .missedVerdictLimit: "staking.missedVerdictLimit must be at least 1"
        case .voteWindow: "staking.voteWindow must be a multiple of 16 from 16 to 1048576"
        case .missedVoteLimit: "staking.missedVoteLimit must be 1 to staking.voteWindow"
        case .partsOfThousand: "every member that ends in PerMille must be at most 1000"
        }
    }
}
