// The signature rule of the chain, "libsodium strict": the key is a canonical point of the
// prime-order group, and `crypto_sign_verify_detached` accepts (cofactorless, canonical S, R not of
// small order). `SelfCheck` makes sure that the library at hand judges as this rule was pinned.

import CSodium
package import Primitives
import Synchronization

package enum Ed25519 {
    /// Whether the key is a canonical encoding of a point of the prime-order group, and not the
    /// identity. Costs as much as verifying a signature.
    package static func isValidKey(_ key: PublicKey) -> Bool {
        unsafe crypto_core_ed25519_is_valid_point(key.bytes) == 1
    }

    /// The whole rule. Keys that passed are remembered, so a known key costs one verification.
    package static func verify(
        _ signature: Signature,
        of message: [UInt8],
        by key: PublicKey
    ) -> Bool {
        Sodium.prepare()
        guard isKnownKey(key) else { return false }
        return unsafe crypto_sign_verify_detached(
            signature.bytes,
            message,
            UInt64(message.count),
            key.bytes
        ) == 0
    }

    /// Changes the cost of a verdict, never the verdict.
    private static let validKeys = Mutex(KeyMemory())

    private static func isKnownKey(_ key: PublicKey) -> Bool {
        if validKeys.withLock({ $0.recall(key) }) { return true }
        guard isValidKey(key) else { return false }
        validKeys.withLock { $0.remember(key) }
        return true
    }
}

/// The keys seen lately, at most `2 · limit`: when the young half is full it becomes the old half.
private struct KeyMemory {
    private static let limit = 32_768
    private var young: Set<PublicKey> = []
    private var old: Set<PublicKey> = []

    mutating func recall(_ key: PublicKey) -> Bool {
        if young.contains(key) { return true }
        guard old.contains(key) else { return false }
        remember(key)
        return true
    }

    mutating func remember(_ key: PublicKey) {
        if young.count == Self.limit {
            old = young
            young = []
        }
        young.insert(key)
    }
}
