package import Primitives

/// Something that a block did, for indexes and subscribers. Events follow from the block; they
/// are not part of any root.
package struct Event: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case transfer, validatorRegistered, delegated, undelegated, unbonded, unjailed, jailed
        case slashed, tombstoned, validatorsChanged, keyRotated, keyInForce, commissionChanged
        case versionSignalled, upgradeScheduled, upgraded
        case datanetCreated, contributionCommitted, contributionRevealed, contributionExpired
        case snapshotFrozen, bondReleased
        case modelRegistered, adapterCommitted, adapterIndexed, adapterReproduced, adapterRevoked
        case claimSubmitted, committeeDrawn, verdictCommitted, revealOpened, verdictRevealed
        case claimAccepted, claimRejected, claimUnavailable, claimUndecided, claimDisputed
        case claimChallenged, challengeFailed, disputeSettled, claimFinal, finderPaid
        case channelOpened, channelClosing, channelClosed, settled, payout, vestingReleased
    }

    package enum Name: String, Sendable, Hashable, CaseIterable {
        case sender, account, amount, validator, datanet, contribution, snapshot, model, adapter
        case claim, channel, settlement, unit, expected, kind, phase, height, role, verdict
        case index, records, attempt, bench, provider, reason, key, commission, version
    }

    package enum Value: Sendable, Hashable {
        case digest(Digest)
        case address(Address)
        case amount(Amount)
        case number(UInt64)
        case text(String)
    }

    package struct Attribute: Sendable, Hashable {
        package let name: Name
        package let value: Value

        package init(name: Name, value: Value) {
            self.name = name
            self.value = value
        }
    }

    package let kind: Kind
    /// The transaction that caused it; none for scheduled work.
    package let transaction: Digest?
    package let attributes: [Attribute]

    package init(kind: Kind, transaction: Digest?, attributes: [Attribute]) {
        self.kind = kind
        self.transaction = transaction
        self.attributes = attributes
    }

    package subscript(name: Name) -> Value? { attributes.first { $0.name == name }?.value }
}

extension Event: BorshCodable {
    package static let attributeLimit = 64

    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(Array(kind.rawValue.utf8))
        writer.writeOptional(transaction)
        writer.writeArray(attributes)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        kind = try reader.readNamed("event kind")
        transaction = try reader.readOptional()
        attributes = try reader.readArray(limit: Self.attributeLimit)
    }
}

extension Event.Attribute: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(Array(name.rawValue.utf8))
        switch value {
        case .digest(let value):
            writer.write(UInt8(0))
            writer.write(value)
        case .address(let value):
            writer.write(UInt8(1))
            writer.write(value)
        case .amount(let value):
            writer.write(UInt8(2))
            writer.write(value)
        case .number(let value):
            writer.write(UInt8(3))
            writer.write(value)
        case .text(let value):
            writer.write(UInt8(4))
            writer.writeBytes(Array(value.utf8))
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        name = try reader.readNamed("attribute name")
        switch try reader.readUInt8() {
        case 0: value = .digest(try Digest(from: &reader))
        case 1: value = .address(try Address(from: &reader))
        case 2: value = .amount(try Amount(from: &reader))
        case 3: value = .number(try reader.readUInt64())
        case 4:
            value = .text(String(decoding: try reader.readBytes(limit: 256), as: UTF8.self))
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
    }
}

extension BorshReader {
    fileprivate mutating func readNamed<Value: RawRepresentable<String>>(
        _ field: FieldName
    ) throws(BorshError) -> Value {
        let text = String(decoding: try readBytes(limit: 64), as: UTF8.self)
        guard let value = Value(rawValue: text) else {
            throw .invalidValue(offset: offset, field: field)
        }
        return value
    }
}
