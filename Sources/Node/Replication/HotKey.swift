package import Cryptography
package import Primitives

/// A validator's hot key, shared by the signer of votes and the sender of verdicts; wiped with the
/// last of them.
package final class HotKey: Sendable {
    package let key: SigningKey

    package init(_ key: consuming SigningKey) { self.key = key }

    package var publicKey: PublicKey { key.publicKey }

    /// The account that the key itself opens, from which verdicts are sent.
    package var address: Address { Address(firstKey: key.publicKey) }
}
