package import Primitives

/// A registered base model.
package struct Model: Sendable, Hashable {
    package let owner: Address
    package let terms: RegisterModel
    package let registered: Height

    package init(owner: Address, terms: RegisterModel, registered: Height) {
        self.owner = owner
        self.terms = terms
        self.registered = registered
    }
}

extension Model: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.write(owner)
        writer.write(terms)
        writer.write(registered)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        owner = try Address(from: &reader)
        terms = try RegisterModel(from: &reader)
        registered = try Height(from: &reader)
    }
}

/// A committed adapter and how far it has been verified.
package struct Adapter: Sendable, Hashable {
    package let owner: Address
    package let terms: CommitAdapter
    package let datanet: Digest
    /// What is left of the bond.
    package var bond: Amount
    /// The influence index was reproduced.
    package var isIndexed: Bool
    /// The training was reproduced.
    package var isReproduced: Bool
    package var isRevoked: Bool
    /// Training and index claims that are not decided yet.
    package var openClaims: UInt16
    package let committed: Height

    package init(owner: Address, terms: CommitAdapter, datanet: Digest, committed: Height) {
        self.owner = owner
        self.terms = terms
        self.datanet = datanet
        bond = terms.bond
        isIndexed = false
        isReproduced = false
        isRevoked = false
        openClaims = 0
        self.committed = committed
    }

    /// The adapter's standing, the highest that it has.
    package var standing: Standing {
        if isRevoked { return .revoked }
        if isReproduced { return .reproduced }
        return isIndexed ? .indexed : .registered
    }

    package enum Standing: String, Sendable, Hashable {
        case registered, indexed, reproduced, revoked
    }

    /// True when everything that the adapter claims was verified.
    var isSettled: Bool {
        (terms.trace.units == 0 || isReproduced) && (terms.index.units == 0 || isIndexed)
            && (isReproduced || isIndexed)
    }
}

extension Adapter: StateEntry {
    package var holdings: [Holding] { [Holding(.bonds, bond)] }

    package func encode(to writer: inout BorshWriter) {
        writer.write(owner)
        writer.write(terms)
        writer.write(datanet)
        writer.write(bond)
        writer.write(isIndexed)
        writer.write(isReproduced)
        writer.write(isRevoked)
        writer.write(openClaims)
        writer.write(committed)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        owner = try Address(from: &reader)
        terms = try CommitAdapter(from: &reader)
        datanet = try Digest(from: &reader)
        bond = try Amount(from: &reader)
        isIndexed = try reader.readBool()
        isReproduced = try reader.readBool()
        isRevoked = try reader.readBool()
        openClaims = try reader.readUInt16()
        committed = try Height(from: &reader)
    }
}
