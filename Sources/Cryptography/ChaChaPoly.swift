// Authenticated encryption. Both ciphers append a 16-byte tag; opening returns nil for anything that
// was not sealed with the same key, nonce and associated data.

import CSodium
package import Primitives

package enum ChaChaPolyNonceTag {}
package enum XChaChaPolyNonceTag {}

/// ChaCha20-Poly1305 (RFC 8439), for connections: the nonce is a counter, and using one twice under
/// a key gives the plaintext away.
package enum ChaChaPoly {
    package typealias Nonce = FixedBytes<12, ChaChaPolyNonceTag>

    package static let tagLength = 16

    package static func seal(
        _ plaintext: [UInt8],
        key: borrowing SymmetricKey,
        nonce: Nonce,
        associated: [UInt8]
    ) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: plaintext.count + tagLength)
        unsafe key.bytes.withPointer {
            _ = unsafe crypto_aead_chacha20poly1305_ietf_encrypt(
                &sealed,
                nil,
                plaintext,
                UInt64(plaintext.count),
                associated,
                UInt64(associated.count),
                nil,
                nonce.bytes,
                $0
            )
        }
        return sealed
    }

    package static func open(
        _ sealed: [UInt8],
        key: borrowing SymmetricKey,
        nonce: Nonce,
        associated: [UInt8]
    ) -> [UInt8]? {
        guard sealed.count >= tagLength else { return nil }
        var plaintext = [UInt8](repeating: 0, count: sealed.count - tagLength)
        let status = unsafe key.bytes.withPointer {
            unsafe crypto_aead_chacha20poly1305_ietf_decrypt(
                &plaintext,
                nil,
                nil,
                sealed,
                UInt64(sealed.count),
                associated,
                UInt64(associated.count),
                nonce.bytes,
                $0
            )
        }
        return status == 0 ? plaintext : nil
    }
}

extension FixedBytes where count == 12, Tag == ChaChaPolyNonceTag {
    /// Noise, section 12.3: four zero bytes, then the counter, little-endian.
    package init(counter: UInt64) {
        self = .zero
        for offset in 0..<8 {
            self[offset + 4] = UInt8(truncatingIfNeeded: counter >> (8 * offset))
        }
    }
}

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), for files: the nonce is long enough to be drawn
/// at random.
package enum XChaChaPoly {
    package typealias Nonce = FixedBytes<24, XChaChaPolyNonceTag>

    package static let tagLength = 16

    package static func seal(
        _ plaintext: [UInt8],
        key: borrowing SymmetricKey,
        nonce: Nonce,
        associated: [UInt8]
    ) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: plaintext.count + tagLength)
        unsafe key.bytes.withPointer {
            _ = unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
                &sealed,
                nil,
                plaintext,
                UInt64(plaintext.count),
                associated,
                UInt64(associated.count),
                nil,
                nonce.bytes,
                $0
            )
        }
        return sealed
    }

    package static func open(
        _ sealed: [UInt8],
        key: borrowing SymmetricKey,
        nonce: Nonce,
        associated: [UInt8]
    ) -> [UInt8]? {
        guard sealed.count >= tagLength else { return nil }
        var plaintext = [UInt8](repeating: 0, count: sealed.count - tagLength)
        let status = unsafe key.bytes.withPointer {
            unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                &plaintext,
                nil,
                nil,
                sealed,
                UInt64(sealed.count),
                associated,
                UInt64(associated.count),
                nonce.bytes,
                $0
            )
        }
        return status == 0 ? plaintext : nil
    }
}
