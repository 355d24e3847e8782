package import Primitives

/// A pool of data and its rules.
package struct Datanet: Sendable, Hashable {
    package let owner: Address
    package let name: [UInt8]
    package let licence: [UInt8]
    package let admission: AdmissionRule
    package let bondPerRecord: Amount
    package let ownerPerMille: UInt16
    /// How many contributions were committed; the next one's index.
    package var contributions: UInt32
    /// How many contributions, from the first, are all revealed or expired.
    package var resolved: UInt32
    /// How many of the first contributions the latest snapshot covers.
    package var frozen: UInt32
    package var snapshots: UInt32
    package var latestSnapshot: Digest?
    package let created: Height

    package init(owner: Address, terms: CreateDatanet, created: Height) {
        self.owner = owner
        name = terms.name
        licence = terms.licence
        admission = terms.admission
        bondPerRecord = terms.bondPerRecord
        ownerPerMille = terms.ownerPerMille
        contributions = 0
        resolved = 0
        frozen = 0
        snapshots = 0
        latestSnapshot = nil
        self.created = created
    }
}

extension Datanet: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.write(owner)
        writer.writeBytes(name)
        writer.writeBytes(licence)
        writer.write(admission)
        writer.write(bondPerRecord)
        writer.write(ownerPerMille)
        writer.write(contributions)
        writer.write(resolved)
        writer.write(frozen)
        writer.write(snapshots)
        writer.writeOptional(latestSnapshot)
        writer.write(created)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        owner = try Address(from: &reader)
        name = try reader.readBytes(limit: ActionLimit.name)
        licence = try reader.readBytes(limit: ActionLimit.name)
        admission = try AdmissionRule(from: &reader)
        bondPerRecord = try Amount(from: &reader)
        ownerPerMille = try reader.readPerMille()
        contributions = try reader.readUInt32()
        resolved = try reader.readUInt32()
        frozen = try reader.readUInt32()
        snapshots = try reader.readUInt32()
        latestSnapshot = try reader.readOptional()
        created = try Height(from: &reader)
    }
}
