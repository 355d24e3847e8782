import CSodium
package import Primitives

/// An Ed25519 secret key (RFC 8032). Signing is deterministic.
package struct SigningKey: ~Copyable, Sendable {
    package enum KeyError: Error, Equatable {
        case seedLength(Int)
    }

    package static let seedLength = 32

    package let publicKey: PublicKey
    /// libsodium's layout: seed ‖ public key.
    private let secret: SecretBytes

    package init(seed: [UInt8]) throws(KeyError) {
        guard seed.count == Self.seedLength else { throw .seedLength(seed.count) }
        self.init(checkedSeed: SecretBytes(copying: seed))
    }

    package static func generate() -> SigningKey {
        SigningKey(checkedSeed: SecretBytes.random(count: seedLength))
    }

    private init(checkedSeed seed: borrowing SecretBytes) {
        var key = PublicKey.zero
        secret = unsafe SecretBytes(count: 64) { secret in
            key = unsafe PublicKey(written: { key in
                unsafe seed.withPointer { _ = unsafe crypto_sign_seed_keypair(key, secret, $0) }
            })
        }
        publicKey = key
    }

    package func sign(_ message: [UInt8]) -> Signature {
        unsafe Signature(written: { signature in
            unsafe secret.withPointer {
                _ = unsafe crypto_sign_detached(
                    signature,
                    nil,
                    message,
                    UInt64(message.count),
                    $0
                )
            }
        })
    }

    /// The seed as ordinary bytes, which nobody wipes: for key files and derivation only.
    package func exposedSeed() -> [UInt8] { Array(secret.exposed().prefix(Self.seedLength)) }

    /// Lends seed ‖ public key.
    func withSecret<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        unsafe secret.withPointer { unsafe body($0) }
    }
}
