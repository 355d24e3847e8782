import Cryptography
package import Primitives

/// A transaction with the key and signature of its sender. Decoding checks neither.
package struct SignedTransaction: Sendable, Hashable {
    package let body: Transaction
    package let key: PublicKey
    package let signature: Signature
    /// The id of the body, hashed once.
    package let id: Digest
    /// The length of the Borsh encoding.
    package let byteCount: Int

    package init(body: Transaction, key: PublicKey, signature: Signature) {
        let bytes = body.borshBytes
        self.body = body
        self.key = key
        self.signature = signature
        id = taggedHash(LedgerTag.transaction, bytes)
        byteCount = bytes.count + PublicKey.byteCount + Signature.byteCount
    }

    /// True when the key is the one that the sender's address was made from.
    package var keyMatchesSender: Bool { Address(firstKey: key) == body.sender }

    /// True when the key is a valid one and signed this body. Costs far more than everything
    /// else about a transaction, so callers verify once and remember the verdict.
    package var isSigned: Bool { Ed25519.verify(signature, of: body.signBytes, by: key) }
}

extension SignedTransaction: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(body)
        writer.write(key)
        writer.write(signature)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let body = try Transaction(from: &reader)
        let key = try PublicKey(from: &reader)
        let signature = try Signature(from: &reader)
        self.init(body: body, key: key, signature: signature)
    }
}
