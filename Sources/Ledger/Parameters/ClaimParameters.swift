package import Commitments
package import Primitives

/// The life of a claim. Durations are in heights.
package struct ClaimParameters: Sendable, Hashable {
    /// From the claim to the beacon that draws its committee; at least 2.
    package var beaconDelay: UInt64
    package var committeeSize: UInt16
    /// How often a committee without a majority is redrawn before the claim counts as
    /// unavailable.
    package var maxAttempts: UInt16
    /// How long panel members may take to re-run a sample and commit.
    package var commitHeights: UInt64
    package var revealHeights: UInt64
    package var challengeHeights: UInt64
    package var minimumBond: Amount
    /// Paid with every claim to the members whose verdict decides it.
    package var verificationFee: Amount
    package var minimumChallengeBond: Amount
    package var minimumAdapterBond: Amount
    /// The part of a slashed bond that goes to whoever reported the fraud.
    package var finderPerMille: UInt16
    /// The part of a bond that a claim loses whose data nobody can fetch.
    package var unavailableSlashPerMille: UInt16
    /// Stake lost by a member whose verdict the majority contradicts.
    package var minoritySlash: Amount
    /// Stake lost by a member that does not commit and reveal.
    package var absenceSlash: Amount
    package var maxUnits: UInt32
    /// By job kind, in the order of the kinds' tags.
    package var samples: [SampleSize]

    package init(
        beaconDelay: UInt64,
        committeeSize: UInt16,
        maxAttempts: UInt16,
        commitHeights: UInt64,
        revealHeights: UInt64,
        challengeHeights: UInt64,
        minimumBond: Amount,
        verificationFee: Amount,
        minimumChallengeBond: Amount,
        minimumAdapterBond: Amount,
        finderPerMille: UInt16,
        unavailableSlashPerMille: UInt16,
        minoritySlash: Amount,
        absenceSlash: Amount,
        maxUnits: UInt32,
        samples: [SampleSize]
    ) {
        self.beaconDelay = beaconDelay
        self.committeeSize = committeeSize
        self.maxAttempts = maxAttempts
        self.commitHeights = commitHeights
        self.revealHeights = revealHeights
        self.challengeHeights = challengeHeights
        self.minimumBond = minimumBond
        self.verificationFee = verificationFee
        self.minimumChallengeBond = minimumChallengeBond
        self.minimumAdapterBond = minimumAdapterBond
        self.finderPerMille = finderPerMille
        self.unavailableSlashPerMille = unavailableSlashPerMille
        self.minoritySlash = minoritySlash
        self.absenceSlash = absenceSlash
        self.maxUnits = maxUnits
        self.samples = samples
    }

    /// Validation guarantees one size for every kind; without it a claim is re-run whole.
    package func sample(_ kind: JobKind) -> SampleSize {
        let position = Int(kind.rawValue)
        return position < samples.count
            ? samples[position] : SampleSize(whole: .max, uniform: 0, weighted: 0)
    }
}

extension ClaimParameters: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(beaconDelay)
        writer.write(committeeSize)
        writer.write(maxAttempts)
        writer.write(commitHeights)
        writer.write(revealHeights)
        writer.write(challengeHeights)
        writer.write(minimumBond)
        writer.write(verificationFee)
        writer.write(minimumChallengeBond)
        writer.write(minimumAdapterBond)
        writer.write(finderPerMille)
        writer.write(unavailableSlashPerMille)
        writer.write(minoritySlash)
        writer.write(absenceSlash)
        writer.write(maxUnits)
        writer.writeArray(samples)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        beaconDelay = try reader.readUInt64()
        committeeSize = try reader.readUInt16()
        maxAttempts = try reader.readUInt16()
        commitHeights = try reader.readUInt64()
        revealHeights = try reader.readUInt64()
        challengeHeights = try reader.readUInt64()
        minimumBond = try Amount(from: &reader)
        verificationFee = try Amount(from: &reader)
        minimumChallengeBond = try Amount(from: &reader)
        minimumAdapterBond = try Amount(from: &reader)
        finderPerMille = try reader.readPerMille()
        unavailableSlashPerMille = try reader.readPerMille()
        minoritySlash = try Amount(from: &reader)
        absenceSlash = try Amount(from: &reader)
        maxUnits = try reader.readUInt32()
        samples = try reader.readArray(limit: JobKind.allCases.count)
    }
}
