package import Primitives

/// Money that a payer locked for a provider.
package struct Channel: Sendable, Hashable {
    package let payer: Address
    /// The key that signs vouchers.
    package let payerKey: PublicKey
    package let provider: Address
    package let adapter: Digest?
    /// What is left of the deposit.
    package var deposit: Amount
    /// What settlements took since the channel opened.
    package var spent: Amount
    /// The last receipt that was settled; zero before the first.
    package var sequence: UInt64
    /// When the deposit returns to the payer, once it asked.
    package var closes: Height?

    package init(
        payer: Address,
        payerKey: PublicKey,
        provider: Address,
        adapter: Digest?,
        deposit: Amount
    ) {
        self.payer = payer
        self.payerKey = payerKey
        self.provider = provider
        self.adapter = adapter
        self.deposit = deposit
        spent = .zero
        sequence = 0
        closes = nil
    }
}

extension Channel: StateEntry {
    package var holdings: [Holding] { [Holding(.channels, deposit)] }

    package func encode(to writer: inout BorshWriter) {
        writer.write(payer)
        writer.write(payerKey)
        writer.write(provider)
        writer.writeOptional(adapter)
        writer.write(deposit)
        writer.write(spent)
        writer.write(sequence)
        writer.writeOptional(closes)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        payer = try Address(from: &reader)
        payerKey = try PublicKey(from: &reader)
        provider = try Address(from: &reader)
        adapter = try reader.readOptional()
        deposit = try Amount(from: &reader)
        spent = try Amount(from: &reader)
        sequence = try reader.readUInt64()
        closes = try reader.readOptional()
    }
}
