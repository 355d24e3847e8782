package import Primitives

/// Rows that somebody gave to a Datanet.
package struct Contribution: Sendable, Hashable {
    /// What a reveal opens.
    package struct Content: Sendable, Hashable {
        package let root: Digest
        package let recordCount: UInt32
        package let artifact: Digest
        package let revealed: Height

        package init(root: Digest, recordCount: UInt32, artifact: Digest, revealed: Height) {
            self.root = root
            self.recordCount = recordCount
            self.artifact = artifact
            self.revealed = revealed
        }
    }

    package enum Status: Sendable, Hashable {
        case committed(deadline: Height)
        case revealed(Content)
        /// Not revealed in time: it counts as a contribution without records.
        case expired
    }

    package let datanet: Digest
    package let index: UInt32
    package let contributor: Address
    package let commitment: Digest
    /// Put into the contributor's bond of the Datanet.
    package let bond: Amount
    package let committed: Height
    package var status: Status

    package init(
        datanet: Digest,
        index: UInt32,
        contributor: Address,
        commitment: Digest,
        bond: Amount,
        committed: Height,
        deadline: Height
    ) {
        self.datanet = datanet
        self.index = index
        self.contributor = contributor
        self.commitment = commitment
        self.bond = bond
        self.committed = committed
        status = .committed(deadline: deadline)
    }

    package var isResolved: Bool {
        if case .committed = status { false } else { true }
    }

    package var content: Content? {
        if case .revealed(let content) = status { content } else { nil }
    }
}

extension Contribution: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.write(datanet)
        writer.write(index)
        writer.write(contributor)
        writer.write(commitment)
        writer.write(bond)
        writer.write(committed)
        switch status {
        case .committed(let deadline):
            writer.write(UInt8(0))
            writer.write(deadline)
        case .revealed(let content):
            writer.write(UInt8(1))
            writer.write(content.root)
            writer.write(content.recordCount)
            writer.write(content.artifact)
            writer.write(content.revealed)
        case .expired: writer.write(UInt8(2))
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        datanet = try Digest(from: &reader)
        index = try reader.readUInt32()
        contributor = try Address(from: &reader)
        commitment = try Digest(from: &reader)
        bond = try Amount(from: &reader)
        committed = try Height(from: &reader)
        switch try reader.readUInt8() {
        case 0: status = .committed(deadline: try Height(from: &reader))
        case 1:
            let root = try Digest(from: &reader)
            let count = try reader.readUInt32()
            let artifact = try Digest(from: &reader)
            let height = try Height(from: &reader)
            status = .revealed(
                Content(root: root, recordCount: count, artifact: artifact, revealed: height)
            )
        case 2: status = .expired
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
    }
}

/// A place in a Datanet's order of contributions.
package struct ContributionPlace: Sendable, Hashable {
    package let contribution: Digest
    /// How many records this and all earlier contributions have; known once all are resolved.
    package var recordsThrough: UInt64?

    package init(contribution: Digest) {
        self.contribution = contribution
        recordsThrough = nil
    }
}

extension ContributionPlace: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.write(contribution)
        writer.write(recordsThrough != nil)
        if let recordsThrough { writer.write(recordsThrough) }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        contribution = try Digest(from: &reader)
        recordsThrough = try reader.readBool() ? try reader.readUInt64() : nil
    }
}

/// What a contributor has at stake in a Datanet, over all its contributions.
package struct ContributorBond: Sendable, Hashable {
    package var amount: Amount

    package init(amount: Amount) { self.amount = amount }
}

extension ContributorBond: StateEntry {
    package var holdings: [Holding] { [Holding(.bonds, amount)] }

    package func encode(to writer: inout BorshWriter) { writer.write(amount) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        amount = try Amount(from: &reader)
    }
}

/// A frozen, screened state of a Datanet.
package struct Snapshot: Sendable, Hashable {
    package let datanet: Digest
    /// The screening claim that it rests on.
    package let claim: Digest
    /// The root over the table's leaves.
    package let root: Digest
    /// The artifact of the table.
    package let table: Digest
    package let records: UInt32
    /// How many of the Datanet's contributions, from the first, are in the table.
    package let covers: UInt32
    package let frozen: Height

    package init(
        datanet: Digest,
        claim: Digest,
        root: Digest,
        table: Digest,
        records: UInt32,
        covers: UInt32,
        frozen: Height
    ) {
        self.datanet = datanet
        self.claim = claim
        self.root = root
        self.table = table
        self.records = records
        self.covers = covers
        self.frozen = frozen
    }
}

extension Snapshot: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.write(datanet)
        writer.write(claim)
        writer.write(root)
        writer.write(table)
        writer.write(records)
        writer.write(covers)
        writer.write(frozen)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        datanet = try Digest(from: &reader)
        claim = try Digest(from: &reader)
        root = try Digest(from: &reader)
        table = try Digest(from: &reader)
        records = try reader.readUInt32()
        covers = try reader.readUInt32()
        frozen = try Height(from: &reader)
    }
}
