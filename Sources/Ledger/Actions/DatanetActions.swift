// Actions that gather data: a Datanet, contributions to it, and a frozen snapshot of it.

package import Primitives

/// Who may contribute to a Datanet.
package enum AdmissionRule: Sendable, Hashable {
    case open
    /// Anyone whose contribution carries at least this bond, whatever its size.
    case staked(minimum: Amount)
    /// Only these accounts, in ascending order.
    case curated([Address])
}

extension AdmissionRule: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .open: writer.write(UInt8(0))
        case .staked(let minimum):
            writer.write(UInt8(1))
            writer.write(minimum)
        case .curated(let contributors):
            writer.write(UInt8(2))
            writer.writeArray(contributors)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        switch try reader.readUInt8() {
        case 0: self = .open
        case 1: self = .staked(minimum: try Amount(from: &reader))
        case 2:
            let list: [Address] = try reader.readArray(limit: ActionLimit.curated)
            try reader.require(zip(list, list.dropFirst()).allSatisfy { $0 < $1 }, "curated")
            self = .curated(list)
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
    }
}

/// Opens a Datanet that the sender owns.
package struct CreateDatanet: Sendable, Hashable {
    package let name: [UInt8]
    package let licence: [UInt8]
    package let admission: AdmissionRule
    package let bondPerRecord: Amount
    /// The owner's part of what the Datanet's contributors earn.
    package let ownerPerMille: UInt16

    package init(
        name: [UInt8],
        licence: [UInt8],
        admission: AdmissionRule,
        bondPerRecord: Amount,
        ownerPerMille: UInt16
    ) {
        self.name = name
        self.licence = licence
        self.admission = admission
        self.bondPerRecord = bondPerRecord
        self.ownerPerMille = ownerPerMille
    }
}

extension CreateDatanet: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(name)
        writer.writeBytes(licence)
        writer.write(admission)
        writer.write(bondPerRecord)
        writer.write(ownerPerMille)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        name = try reader.readBytes(limit: ActionLimit.name)
        licence = try reader.readBytes(limit: ActionLimit.name)
        admission = try AdmissionRule(from: &reader)
        bondPerRecord = try Amount(from: &reader)
        ownerPerMille = try reader.readPerMille()
    }
}

/// Dates a contribution without showing it.
package struct CommitContribution: Sendable, Hashable {
    package let datanet: Digest
    /// `ContributionCommitment.digest(root:salt:contributor:)`.
    package let commitment: Digest
    /// Must cover the Datanet's bond per record when the contribution is opened.
    package let bond: Amount

    package init(datanet: Digest, commitment: Digest, bond: Amount) {
        self.datanet = datanet
        self.commitment = commitment
        self.bond = bond
    }
}

extension CommitContribution: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(datanet)
        writer.write(commitment)
        writer.write(bond)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        datanet = try Digest(from: &reader)
        commitment = try Digest(from: &reader)
        bond = try Amount(from: &reader)
    }
}

/// Opens a contribution before its deadline.
package struct RevealContribution: Sendable, Hashable {
    /// The id of the transaction that committed it.
    package let contribution: Digest
    /// The root over the records' hashes (`CommittedList<DataRecord>.root`).
    package let root: Digest
    package let recordCount: UInt32
    /// The artifact that holds the records.
    package let artifact: Digest
    package let salt: Digest

    package init(
        contribution: Digest,
        root: Digest,
        recordCount: UInt32,
        artifact: Digest,
        salt: Digest
    ) {
        self.contribution = contribution
        self.root = root
        self.recordCount = recordCount
        self.artifact = artifact
        self.salt = salt
    }
}

extension RevealContribution: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(contribution)
        writer.write(root)
        writer.write(recordCount)
        writer.write(artifact)
        writer.write(salt)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        contribution = try Digest(from: &reader)
        root = try Digest(from: &reader)
        recordCount = try reader.readUInt32()
        artifact = try Digest(from: &reader)
        salt = try Digest(from: &reader)
    }
}

/// Turns a final screening claim into a snapshot that adapters are trained on.
package struct FreezeSnapshot: Sendable, Hashable {
    package let datanet: Digest
    package let claim: Digest

    package init(datanet: Digest, claim: Digest) {
        self.datanet = datanet
        self.claim = claim
    }
}

extension FreezeSnapshot: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(datanet)
        writer.write(claim)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        datanet = try Digest(from: &reader)
        claim = try Digest(from: &reader)
    }
}
