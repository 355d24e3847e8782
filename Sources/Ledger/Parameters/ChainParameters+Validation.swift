import Commitments
import Primitives
import Voting

extension ChainParameters {
    /// A parameter that a network may not have.
    package enum Fault: String, Error, Sendable, Equatable {
        case timing, maxTransactionBytes, epochLength, validatorLimits, unbondingNotLongest
        case minimumStake, durationOutOfRange, beaconDelay, committeeSize, attempts, samples
        case maxUnits, sharesNotWhole, channelCloseTooSoon, maxContributions, missedVerdictLimit
        case voteWindow, missedVoteLimit, partsOfThousand
    }

    /// The largest duration, in heights. Sums of a few durations and a height never overflow.
    package static let durationLimit: UInt64 = 1 << 40

    package static let voteWindowLimit: UInt64 = 1 << 20

    package func validate() throws(Fault) {
        try validateTimingAndStaking()
        try validateClaims()
        try validateSettlement()
    }

    private func validateTimingAndStaking() throws(Fault) {
        let timeouts = [
            timing.proposeMilliseconds, timing.voteMilliseconds, timing.heartbeatMilliseconds,
        ]
        guard timeouts.allSatisfy({ (1...600_000).contains($0) }) else { throw .timing }
        guard (1_024...UInt32(Block.byteLimit / 2)).contains(maxTransactionBytes) else {
            throw .maxTransactionBytes
        }
        guard (1...1_000_000).contains(staking.epochLength) else { throw .epochLength }
        guard (1...UInt16(ValidatorSet.countLimit)).contains(staking.maxValidators),
            (staking.maxValidators...256).contains(staking.maxCandidates)
        else { throw .validatorLimits }
        guard staking.unbondingHeights > staking.evidenceHeights, staking.evidenceHeights > 0
        else { throw .unbondingNotLongest }
        guard staking.minimumStake.units >= Amount.unitsPerToken else { throw .minimumStake }
        guard staking.missedVerdictLimit > 0 else { throw .missedVerdictLimit }
        try validateVotes()
        guard (1...1_000_000).contains(maxContributions) else { throw .maxContributions }
        let durations = [
            staking.unbondingHeights, staking.jailHeights, staking.commissionHeights,
            staking.upgradeNoticeHeights, contributionRevealHeights,
            bondHoldHeights, claims.beaconDelay, claims.commitHeights, claims.revealHeights,
            claims.challengeHeights, settlement.channelCloseHeights,
        ]
        guard durations.allSatisfy({ (1...Self.durationLimit).contains($0) }),
            settlement.vestingHeights <= Self.durationLimit
        else { throw .durationOutOfRange }
    }

    private func validateVotes() throws(Fault) {
        let spans = UInt64(MissedVotes.spanCount)
        guard (spans...Self.voteWindowLimit).contains(staking.voteWindow),
            staking.voteWindow.isMultiple(of: spans)
        else { throw .voteWindow }
        guard (1...staking.voteWindow).contains(UInt64(staking.missedVoteLimit)) else {
            throw .missedVoteLimit
        }
        let parts = [
            staking.equivocationSlashPerMille, staking.proposerFeePerMille,
            staking.downtimeSlashPerMille, staking.commissionChangePerMille,
            claims.finderPerMille, claims.unavailableSlashPerMille,
            settlement.contributorCapPerMille, settlement.negativeSlashPerMille,
        ]
        guard parts.allSatisfy({ $0 <= 1_000 }) else { throw .partsOfThousand }
    }

    private func validateClaims() throws(Fault) {
        guard claims.beaconDelay >= 2 else { throw .beaconDelay }
        guard (1...32).contains(claims.committeeSize) else { throw .committeeSize }
        guard (1...16).contains(claims.maxAttempts) else { throw .attempts }
        guard (1...1_000_000).contains(claims.maxUnits) else { throw .maxUnits }
        guard claims.samples.count == JobKind.allCases.count,
            claims.samples.allSatisfy({ size in
                [size.whole, size.uniform, size.weighted].allSatisfy { $0 <= 65_536 }
                    && size.uniform > 0 && size.perMille <= 1_000
            })
        else { throw .samples }
    }

    private func validateSettlement() throws(Fault) {
        let parts = [
            settlement.contributorsPerMille, settlement.adapterOwnerPerMille,
            settlement.modelOwnerPerMille, settlement.providerPerMille,
            settlement.validatorsPerMille, settlement.treasuryPerMille,
        ]
        guard parts.allSatisfy({ $0 <= 1_000 }), parts.reduce(0, { $0 + UInt32($1) }) == 1_000
        else { throw .sharesNotWhole }
        // A provider must be able to settle what it served before the payer's money leaves.
        guard settlement.channelCloseHeights >= claimLifeHeights else {
            throw .channelCloseTooSoon
        }
    }
}
