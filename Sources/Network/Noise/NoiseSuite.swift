// The three names after "XX": X25519, ChaCha20-Poly1305 and BLAKE2b, as Noise uses them.

package import Cryptography
import Primitives

/// An X25519 key pair. Copies share the one secret, which is wiped with the last of them.
package final class NoiseKeyPair: Sendable {
    let secret: X25519SecretKey

    package init(_ secret: consuming X25519SecretKey) { self.secret = secret }

    package convenience init(secret bytes: [UInt8]) throws(KeyLengthError) {
        self.init(try X25519SecretKey(bytes))
    }

    package var publicKey: [UInt8] { secret.publicKey.bytes }
}

/// A key of one direction, shared by copies of its cipher and wiped with the last of them.
final class NoiseCipherKey: Sendable {
    let key: SymmetricKey

    /// Nil unless there are 32 bytes.
    init?(_ bytes: some Sequence<UInt8>) {
        guard let key = try? SymmetricKey(Array(bytes)) else { return nil }
        self.key = key
    }
}

package enum NoiseSuite {
    package static let name = "Noise_XX_25519_ChaChaPoly_BLAKE2b"
    static let hashBytes = BLAKE2b.length
    static let keyBytes = 32

    static func generateKey() -> NoiseKeyPair { NoiseKeyPair(X25519SecretKey.generate()) }

    /// Nil when the result would be all zero.
    static func agree(_ ours: NoiseKeyPair, with theirs: [UInt8]) -> [UInt8]? {
        X25519PublicKey(theirs).flatMap { ours.secret.sharedSecret(with: $0) }
    }

    static func hash(_ bytes: [UInt8]) -> [UInt8] { BLAKE2b.hash(bytes) }

    /// HKDF with two outputs.
    static func derive(_ chainingKey: [UInt8], _ material: [UInt8]) -> ([UInt8], [UInt8]) {
        let outputs = BLAKE2b.derive(chainingKey: chainingKey, material, count: 2)
        return (outputs[0], outputs[1])
    }

    static func seal(
        _ plaintext: [UInt8],
        associated: [UInt8],
        key: NoiseCipherKey,
        counter: UInt64
    ) -> [UInt8] {
        ChaChaPoly.seal(
            plaintext,
            key: key.key,
            nonce: ChaChaPoly.Nonce(counter: counter),
            associated: associated
        )
    }

    static func open(
        _ ciphertext: [UInt8],
        associated: [UInt8],
        key: NoiseCipherKey,
        counter: UInt64
    ) -> [UInt8]? {
        ChaChaPoly.open(
            ciphertext,
            key: key.key,
            nonce: ChaChaPoly.Nonce(counter: counter),
            associated: associated
        )
    }
}
