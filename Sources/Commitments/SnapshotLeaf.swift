import Cryptography
package import Primitives

/// What screening says about one record: the unit output of a screening claim, and the leaf of a
/// snapshot. The table holds every record, in contribution and then row order.
package struct SnapshotLeaf: Sendable, Hashable {
    package let recordHash: Digest
    /// The contribution's index in its Datanet, in order of commitment.
    package let contribution: UInt32
    /// The record's position in its contribution.
    package let row: UInt32
    package let contributor: Address
    /// The table index of the earliest record of the near-duplicate cluster; its own when alone.
    package let cluster: UInt32
    package let flags: ScreeningFlags

    package init(
        recordHash: Digest,
        contribution: UInt32,
        row: UInt32,
        contributor: Address,
        cluster: UInt32,
        flags: ScreeningFlags
    ) {
        self.recordHash = recordHash
        self.contribution = contribution
        self.row = row
        self.contributor = contributor
        self.cluster = cluster
        self.flags = flags
    }

    package var isAccepted: Bool { flags.isDisjoint(with: .rejecting) }

    package var digest: Digest { taggedHash(CommitmentTag.snapshotLeaf, borshBytes) }
}

extension SnapshotLeaf: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(recordHash)
        writer.write(contribution)
        writer.write(row)
        writer.write(contributor)
        writer.write(cluster)
        writer.write(flags)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        recordHash = try Digest(from: &reader)
        contribution = try reader.readUInt32()
        row = try reader.readUInt32()
        contributor = try Address(from: &reader)
        cluster = try reader.readUInt32()
        flags = try ScreeningFlags(from: &reader)
    }
}

extension SnapshotLeaf: CommittedElement {
    package static let listLimit = 1_000_000
}
