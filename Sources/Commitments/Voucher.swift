import Cryptography
package import Primitives

/// A payer's promise that the provider may take up to `cumulative` from a channel, counted since
/// it opened. Later vouchers replace earlier ones. Decoding does not check the signature.
package struct Voucher: Sendable, Hashable {
    package let channel: Digest
    package let cumulative: Amount
    package let signature: Signature

    package init(channel: Digest, cumulative: Amount, signature: Signature) {
        self.channel = channel
        self.cumulative = cumulative
        self.signature = signature
    }

    /// What the payer signs: the tagged hash of chain, channel and amount.
    package static func signBytes(
        chain: ChainID,
        channel: Digest,
        cumulative: Amount
    ) -> [UInt8] {
        var writer = BorshWriter()
        writer.write(chain)
        writer.write(channel)
        writer.write(cumulative)
        return taggedHash(CommitmentTag.voucher, writer.bytes).bytes
    }

    package func signBytes(chain: ChainID) -> [UInt8] {
        Self.signBytes(chain: chain, channel: channel, cumulative: cumulative)
    }

    package func isSigned(by payer: PublicKey, chain: ChainID) -> Bool {
        Ed25519.verify(signature, of: signBytes(chain: chain), by: payer)
    }
}

extension Voucher: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(channel)
        writer.write(cumulative)
        writer.write(signature)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        channel = try Digest(from: &reader)
        cumulative = try Amount(from: &reader)
        signature = try Signature(from: &reader)
    }
}
