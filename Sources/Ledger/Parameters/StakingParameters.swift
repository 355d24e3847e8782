package import Primitives

/// Validators, stake and what is lost by misbehaving. Durations are in heights.
package struct StakingParameters: Sendable, Hashable {
    /// The validator set changes only after every so many heights.
    package var epochLength: UInt64
    package var unbondingHeights: UInt64
    /// The oldest equivocation that is still punished; shorter than unbonding.
    package var evidenceHeights: UInt64
    package var minimumStake: Amount
    package var maxValidators: UInt16
    /// How many may be registered, in the set or waiting.
    package var maxCandidates: UInt16
    package var equivocationSlashPerMille: UInt16
    package var jailHeights: UInt64
    /// So many verdicts missed in a row send a validator to jail.
    package var missedVerdictLimit: UInt16
    /// Paid from the genesis reward pool for each block while it lasts.
    package var blockReward: Amount
    /// The proposer's part of transaction fees; the rest goes to the treasury.
    package var proposerFeePerMille: UInt16
    /// Missed votes of so many heights count together; a multiple of `MissedVotes.spanCount`.
    package var voteWindow: UInt64
    /// So many votes missed within the window send a validator to jail.
    package var missedVoteLimit: UInt32
    /// What a validator that goes to jail for missed votes loses of all its stake.
    package var downtimeSlashPerMille: UInt16
    /// A commission changes at most once in so many heights, and by at most so much.
    package var commissionHeights: UInt64
    package var commissionChangePerMille: UInt16
    /// From the end of the epoch in which two thirds were ready to a new protocol version's first
    /// height.
    package var upgradeNoticeHeights: UInt64

    package init(
        epochLength: UInt64,
        unbondingHeights: UInt64,
        evidenceHeights: UInt64,
        minimumStake: Amount,
        maxValidators: UInt16,
        maxCandidates: UInt16,
        equivocationSlashPerMille: UInt16,
        jailHeights: UInt64,
        missedVerdictLimit: UInt16,
        blockReward: Amount,
        proposerFeePerMille: UInt16,
        voteWindow: UInt64,
        missedVoteLimit: UInt32,
        downtimeSlashPerMille: UInt16,
        commissionHeights: UInt64,
        commissionChangePerMille: UInt16,
        upgradeNoticeHeights: UInt64
    ) {
        self.epochLength = epochLength
        self.unbondingHeights = unbondingHeights
        self.evidenceHeights = evidenceHeights
        self.minimumStake = minimumStake
        self.maxValidators = maxValidators
        self.maxCandidates = maxCandidates
        self.equivocationSlashPerMille = equivocationSlashPerMille
        self.jailHeights = jailHeights
        self.missedVerdictLimit = missedVerdictLimit
        self.blockReward = blockReward
        self.proposerFeePerMille = proposerFeePerMille
        self.voteWindow = voteWindow
        self.missedVoteLimit = missedVoteLimit
        self.downtimeSlashPerMille = downtimeSlashPerMille
        self.commissionHeights = commissionHeights
        self.commissionChangePerMille = commissionChangePerMille
        self.upgradeNoticeHeights = upgradeNoticeHeights
    }
}

extension StakingParameters: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(epochLength)
        writer.write(unbondingHeights)
        writer.write(evidenceHeights)
        writer.write(minimumStake)
        writer.write(maxValidators)
        writer.write(maxCandidates)
        writer.write(equivocationSlashPerMille)
        writer.write(jailHeights)
        writer.write(missedVerdictLimit)
        writer.write(blockReward)
        writer.write(proposerFeePerMille)
        writer.write(voteWindow)
        writer.write(missedVoteLimit)
        writer.write(downtimeSlashPerMille)
        writer.write(commissionHeights)
        writer.write(commissionChangePerMille)
        writer.write(upgradeNoticeHeights)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        epochLength = try reader.readUInt64()
        unbondingHeights = try reader.readUInt64()
        evidenceHeights = try reader.readUInt64()
        minimumStake = try Amount(from: &reader)
        maxValidators = try reader.readUInt16()
        maxCandidates = try reader.readUInt16()
        equivocationSlashPerMille = try reader.readPerMille()
        jailHeights = try reader.readUInt64()
        missedVerdictLimit = try reader.readUInt16()
        blockReward = try Amount(from: &reader)
        proposerFeePerMille = try reader.readPerMille()
        voteWindow = try reader.readUInt64()
        missedVoteLimit = try reader.readUInt32()
        downtimeSlashPerMille = try reader.readPerMille()
        commissionHeights = try reader.readUInt64()
        commissionChangePerMille = try reader.readPerMille()
        upgradeNoticeHeights = try reader.readUInt64()
    }
}
