// Diffie-Hellman over curve25519 (RFC 7748), for connections.

import CSodium
package import Primitives

package enum X25519PublicKeyTag {}
package typealias X25519PublicKey = FixedBytes<32, X25519PublicKeyTag>

package struct X25519SecretKey: ~Copyable, Sendable {
    package static let length = 32

    package let publicKey: X25519PublicKey
    private let secret: SecretBytes

    package init(_ bytes: [UInt8]) throws(KeyLengthError) {
        guard bytes.count == Self.length else { throw KeyLengthError(found: bytes.count) }
        self.init(checked: SecretBytes(copying: bytes))
    }

    package static func generate() -> X25519SecretKey {
        X25519SecretKey(checked: SecretBytes.random(count: length))
    }

    private init(checked secret: consuming SecretBytes) {
        let bytes = secret
        publicKey = unsafe X25519PublicKey(written: { key in
            unsafe bytes.withPointer { _ = unsafe crypto_scalarmult_base(key, $0) }
        })
        self.secret = bytes
    }

    /// The shared secret, 32 bytes; nil when it is all zero, which only a public key of small order
    /// brings about (RFC 7748, section 6.1).
    package func sharedSecret(with other: X25519PublicKey) -> [UInt8]? {
        var shared = [UInt8](repeating: 0, count: 32)
        let status = unsafe secret.withPointer {
            unsafe crypto_scalarmult(&shared, $0, other.bytes)
        }
        return status == 0 ? shared : nil
    }

    /// The key as ordinary bytes, which nobody wipes: for key files only.
    package func exposedBytes() -> [UInt8] { secret.exposed() }
}
