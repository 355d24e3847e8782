package import Primitives

/// How earnings are divided. Durations are in heights.
package struct SettlementParameters: Sendable, Hashable {
    // Parts of every fee; they sum to a thousand.
    package var contributorsPerMille: UInt16
    package var adapterOwnerPerMille: UInt16
    /// The most that a model's owner may ask for; what it does not ask for goes to contributors.
    package var modelOwnerPerMille: UInt16
    package var providerPerMille: UInt16
    package var validatorsPerMille: UInt16
    package var treasuryPerMille: UInt16
    /// The most that one contributor may get of the contributors' part of one settlement. The
    /// rest goes to the treasury, so that nobody gains from another's cap.
    package var contributorCapPerMille: UInt16
    /// The part of its Datanet bond that a contributor with negative net influence loses.
    package var negativeSlashPerMille: UInt16
    package var vestingHeights: UInt64
    /// From a payer's wish to close a channel to the return of its money.
    package var channelCloseHeights: UInt64

    package init(
        contributorsPerMille: UInt16,
        adapterOwnerPerMille: UInt16,
        modelOwnerPerMille: UInt16,
        providerPerMille: UInt16,
        validatorsPerMille: UInt16,
        treasuryPerMille: UInt16,
        contributorCapPerMille: UInt16,
        negativeSlashPerMille: UInt16,
        vestingHeights: UInt64,
        channelCloseHeights: UInt64
    ) {
        self.contributorsPerMille = contributorsPerMille
        self.adapterOwnerPerMille = adapterOwnerPerMille
        self.modelOwnerPerMille = modelOwnerPerMille
        self.providerPerMille = providerPerMille
        self.validatorsPerMille = validatorsPerMille
        self.treasuryPerMille = treasuryPerMille
        self.contributorCapPerMille = contributorCapPerMille
        self.negativeSlashPerMille = negativeSlashPerMille
        self.vestingHeights = vestingHeights
        self.channelCloseHeights = channelCloseHeights
    }
}

extension SettlementParameters: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(contributorsPerMille)
        writer.write(adapterOwnerPerMille)
        writer.write(modelOwnerPerMille)
        writer.write(providerPerMille)
        writer.write(validatorsPerMille)
        writer.write(treasuryPerMille)
        writer.write(contributorCapPerMille)
        writer.write(negativeSlashPerMille)
        writer.write(vestingHeights)
        writer.write(channelCloseHeights)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        contributorsPerMille = try reader.readPerMille()
        adapterOwnerPerMille = try reader.readPerMille()
        modelOwnerPerMille = try reader.readPerMille()
        providerPerMille = try reader.readPerMille()
        validatorsPerMille = try reader.readPerMille()
        treasuryPerMille = try reader.readPerMille()
        contributorCapPerMille = try reader.readPerMille()
        negativeSlashPerMille = try reader.readPerMille()
        vestingHeights = try reader.readUInt64()
        channelCloseHeights = try reader.readUInt64()
    }
}
