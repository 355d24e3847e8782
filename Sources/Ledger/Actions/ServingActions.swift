// Actions around paid answers: a channel of money towards a provider, and the settlement that
// divides what the answers earned.

package import Commitments
package import Primitives

/// Locks a deposit that vouchers promise to a provider.
package struct OpenChannel: Sendable, Hashable {
    package let provider: Address
    /// The only adapter that the channel pays for, or any.
    package let adapter: Digest?
    package let deposit: Amount

    package init(provider: Address, adapter: Digest?, deposit: Amount) {
        self.provider = provider
        self.adapter = adapter
        self.deposit = deposit
    }
}

extension OpenChannel: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(provider)
        writer.writeOptional(adapter)
        writer.write(deposit)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        provider = try Address(from: &reader)
        adapter = try reader.readOptional()
        deposit = try Amount(from: &reader)
    }
}

/// One paid answer: the receipt's summary without what the settlement already says, and who
/// influenced it.
package struct SettlementRow: Sendable, Hashable {
    /// The position of the receipt's channel among the settlement's vouchers.
    package let voucher: UInt16
    package let sequence: UInt64
    package let body: Digest
    package let attribution: QueryAttribution

    package init(voucher: UInt16, sequence: UInt64, body: Digest, attribution: QueryAttribution) {
        self.voucher = voucher
        self.sequence = sequence
        self.body = body
        self.attribution = attribution
    }
}

extension SettlementRow: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(voucher)
        writer.write(sequence)
        writer.write(body)
        writer.write(attribution)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        voucher = try reader.readUInt16()
        sequence = try reader.readUInt64()
        body = try Digest(from: &reader)
        attribution = try QueryAttribution(from: &reader)
    }
}

/// Takes the fees of verified answers out of their channels and divides them.
package struct Settle: Sendable, Hashable {
    /// Final; its units are the receipts of `rows`, in order.
    package let inferenceClaim: Digest
    /// Final; its units are the attributions of `rows`, in order.
    package let attributionClaim: Digest
    /// One a channel.
    package let vouchers: [Voucher]
    package let rows: [SettlementRow]

    package init(
        inferenceClaim: Digest,
        attributionClaim: Digest,
        vouchers: [Voucher],
        rows: [SettlementRow]
    ) {
        self.inferenceClaim = inferenceClaim
        self.attributionClaim = attributionClaim
        self.vouchers = vouchers
        self.rows = rows
    }
}

extension Settle: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(inferenceClaim)
        writer.write(attributionClaim)
        writer.writeArray(vouchers)
        writer.writeArray(rows)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        inferenceClaim = try Digest(from: &reader)
        attributionClaim = try Digest(from: &reader)
        vouchers = try reader.readArray(limit: ActionLimit.vouchers)
        rows = try reader.readArray(limit: ActionLimit.settlementRows)
    }
}
