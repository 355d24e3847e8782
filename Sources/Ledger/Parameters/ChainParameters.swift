import Commitments
package import Primitives

/// Every number of the protocol that a network may choose. They are part of the genesis, and so
/// of the genesis hash.
package struct ChainParameters: Sendable, Hashable {
    package var timing: ConsensusTiming
    package var minimumFee: Amount
    package var maxTransactionBytes: UInt32
    package var staking: StakingParameters
    /// How long a committed contribution may stay hidden.
    package var contributionRevealHeights: UInt64
    package var maxContributions: UInt32
    /// From the freezing of a contribution to the return of its bond.
    package var bondHoldHeights: UInt64
    package var claims: ClaimParameters
    package var settlement: SettlementParameters

    package init(
        timing: ConsensusTiming,
        minimumFee: Amount,
        maxTransactionBytes: UInt32,
        staking: StakingParameters,
        contributionRevealHeights: UInt64,
        maxContributions: UInt32,
        bondHoldHeights: UInt64,
        claims: ClaimParameters,
        settlement: SettlementParameters
    ) {
        self.timing = timing
        self.minimumFee = minimumFee
        self.maxTransactionBytes = maxTransactionBytes
        self.staking = staking
        self.contributionRevealHeights = contributionRevealHeights
        self.maxContributions = maxContributions
        self.bondHoldHeights = bondHoldHeights
        self.claims = claims
        self.settlement = settlement
    }

    /// The longest that one claim can take from its submission to its end, without challenges.
    package var claimLifeHeights: UInt64 {
        let attempt = claims.beaconDelay + claims.commitHeights + claims.revealHeights
        return UInt64(claims.maxAttempts) * attempt + claims.challengeHeights
    }
}

extension ChainParameters: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(timing)
        writer.write(minimumFee)
        writer.write(maxTransactionBytes)
        writer.write(staking)
        writer.write(contributionRevealHeights)
        writer.write(maxContributions)
        writer.write(bondHoldHeights)
        writer.write(claims)
        writer.write(settlement)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        timing = try ConsensusTiming(from: &reader)
        minimumFee = try Amount(from: &reader)
        maxTransactionBytes = try reader.readUInt32()
        staking = try StakingParameters(from: &reader)
        contributionRevealHeights = try reader.readUInt64()
        maxContributions = try reader.readUInt32()
        bondHoldHeights = try reader.readUInt64()
        claims = try ClaimParameters(from: &reader)
        settlement = try SettlementParameters(from: &reader)
    }
}
