import Cryptography
package import Primitives

/// The part of a receipt that pays. Tokens enter as one digest, so that a settlement can name a
/// receipt in 100 bytes and the chain still recomputes the receipt's digest from it.
package struct ReceiptSummary: Sendable, Hashable {
    package let channel: Digest
    /// Counts up within a channel; settling checks that it grows, so no receipt pays twice.
    package let sequence: UInt64
    package let adapter: Digest
    package let fee: Amount
    /// `InferenceReceipt.body`.
    package let body: Digest

    package init(
        channel: Digest,
        sequence: UInt64,
        adapter: Digest,
        fee: Amount,
        body: Digest
    ) {
        self.channel = channel
        self.sequence = sequence
        self.adapter = adapter
        self.fee = fee
        self.body = body
    }

    package var digest: Digest { taggedHash(CommitmentTag.receipt, borshBytes) }
}

extension ReceiptSummary: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(channel)
        writer.write(sequence)
        writer.write(adapter)
        writer.write(fee)
        writer.write(body)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        channel = try Digest(from: &reader)
        sequence = try reader.readUInt64()
        adapter = try Digest(from: &reader)
        fee = try Amount(from: &reader)
        body = try Digest(from: &reader)
    }
}
