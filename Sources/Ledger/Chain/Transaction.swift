package import Cryptography
package import Primitives

/// What an account asks the chain to do. The id is the tagged hash of exactly these fields.
package struct Transaction: Sendable, Hashable {
    package let chain: ChainID
    package let sender: Address
    /// The number of transactions that the sender has had in blocks before.
    package let nonce: UInt64
    package let fee: Amount
    package let action: Action

    package init(
        chain: ChainID,
        sender: Address,
        nonce: UInt64,
        fee: Amount,
        action: Action
    ) {
        self.chain = chain
        self.sender = sender
        self.nonce = nonce
        self.fee = fee
        self.action = action
    }

    package var id: Digest { taggedHash(LedgerTag.transaction, borshBytes) }

    /// What the sender's key signs: the tagged hash of the body, which names its chain.
    package var signBytes: [UInt8] {
        taggedHash(LedgerTag.transactionSignature, borshBytes).bytes
    }

    package func signed(with key: borrowing SigningKey) -> SignedTransaction {
        SignedTransaction(body: self, key: key.publicKey, signature: key.sign(signBytes))
    }
}

extension Transaction: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(chain)
        writer.write(sender)
        writer.write(nonce)
        writer.write(fee)
        writer.write(action)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        chain = try ChainID(from: &reader)
        sender = try Address(from: &reader)
        nonce = try reader.readUInt64()
        fee = try Amount(from: &reader)
        action = try Action(from: &reader)
    }
}
