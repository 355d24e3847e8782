package import Ledger
import Primitives

/// Transactions whose signatures were found valid, so that none is verified twice.
///
/// Two halves, so that forgetting is cheap and memory bounded: when the young half is full it
/// becomes the old one. Forgetting costs a verification, never a wrong verdict.
package struct VerdictCache: Sendable {
    private struct Key: Hashable {
        let id: Digest
        let key: PublicKey
        let signature: Signature
    }

    private let limit: Int
    private var young: Set<Key> = []
    private var old: Set<Key> = []

    /// - Precondition: `limit > 0`.
    package init(limit: Int = 32_768) {
        precondition(limit > 0)
        self.limit = limit
    }

    /// Verifies the transaction's signature unless that was done before.
    package mutating func isSigned(_ transaction: SignedTransaction) -> Bool {
        let key = Key(
            id: transaction.id,
            key: transaction.key,
            signature: transaction.signature
        )
        if holds(key) { return true }
        guard transaction.isSigned else { return false }
        remember(key)
        return true
    }

    /// Verifies what was not verified before, all at once.
    ///
    /// - Parameter verify: gives a verdict for each transaction.
    package mutating func check(
        _ transactions: [SignedTransaction],
        with verify: ([SignedTransaction]) -> [Bool]
    ) {
        let unknown = transactions.filter { !holds($0) }
        for (transaction, isSigned) in zip(unknown, verify(unknown)) where isSigned {
            note(signed: transaction)
        }
    }

    /// Takes over the verdict of someone who has verified the signature.
    package mutating func note(signed transaction: SignedTransaction) {
        remember(
            Key(id: transaction.id, key: transaction.key, signature: transaction.signature)
        )
    }

    /// Whether the signature was found valid before.
    package func holds(_ transaction: SignedTransaction) -> Bool {
        holds(Key(id: transaction.id, key: transaction.key, signature: transaction.signature))
    }

    private func holds(_ key: Key) -> Bool { young.contains(key) || old.contains(key) }

    private mutating func remember(_ key: Key) {
        if young.count == limit {
            old = young
            young = []
        }
        young.insert(key)
    }
}
