import CSodium

/// A scalar that must stay secret: the key's own, or a nonce.
///
/// Multiplication cannot fail here: the points come from `VRF.encodeToCurve`, and no such scalar is
/// zero but for one hash in 2^252.
struct VRFSecret: ~Copyable {
    private let scalar: SecretBytes
    /// The second half of the hashed seed, from which nonces come; empty for a nonce.
    private let prefix: SecretBytes

    /// RFC 8032, 5.1.5, steps 1 to 3: hash the seed and clamp.
    init(_ key: borrowing SigningKey) {
        let hash = unsafe SecretBytes(count: 64) { hash in
            unsafe key.withSecret {
                _ = unsafe crypto_hash_sha512(hash, $0, UInt64(SigningKey.seedLength))
            }
        }
        scalar = unsafe SecretBytes(count: 32) { scalar in
            unsafe hash.withPointer { unsafe scalar.update(from: $0, count: 32) }
            unsafe scalar[0] &= 248
            unsafe scalar[31] &= 127
            unsafe scalar[31] |= 64
        }
        prefix = unsafe SecretBytes(count: 32) { prefix in
            unsafe hash.withPointer { unsafe prefix.update(from: $0 + 32, count: 32) }
        }
    }

    private init(nonce: consuming SecretBytes) {
        scalar = nonce
        prefix = SecretBytes(copying: [])
    }

    /// RFC 9381, 5.4.2.2.
    func nonce(_ base: [UInt8]) -> VRFSecret {
        let wide = unsafe SecretBytes(count: 64) { wide in
            var state = crypto_hash_sha512_state()
            _ = unsafe crypto_hash_sha512_init(&state)
            unsafe prefix.withPointer { _ = unsafe crypto_hash_sha512_update(&state, $0, 32) }
            _ = unsafe crypto_hash_sha512_update(&state, base, 32)
            _ = unsafe crypto_hash_sha512_final(&state, wide)
        }
        return VRFSecret(
            nonce: unsafe SecretBytes(count: 32) { nonce in
                unsafe wide.withPointer { unsafe crypto_core_ed25519_scalar_reduce(nonce, $0) }
            }
        )
    }

    func multiply(_ point: [UInt8]) -> [UInt8] {
        var product = [UInt8](repeating: 0, count: 32)
        let status = unsafe scalar.withPointer {
            unsafe crypto_scalarmult_ed25519_noclamp(&product, $0, point)
        }
        precondition(status == 0)
        return product
    }

    func multiplyGenerator() -> [UInt8] {
        var product = [UInt8](repeating: 0, count: 32)
        let status = unsafe scalar.withPointer {
            unsafe crypto_scalarmult_ed25519_base_noclamp(&product, $0)
        }
        precondition(status == 0)
        return product
    }

    /// `self + challenge · key`, modulo the order of the group: the public part of a proof.
    func adding(challenge: [UInt8], times key: borrowing VRFSecret) -> [UInt8] {
        let product = unsafe SecretBytes(count: 32) { product in
            unsafe key.scalar.withPointer {
                unsafe crypto_core_ed25519_scalar_mul(product, challenge, $0)
            }
        }
        var sum = [UInt8](repeating: 0, count: 32)
        unsafe product.withPointer { product in
            unsafe scalar.withPointer {
                unsafe crypto_core_ed25519_scalar_add(&sum, $0, product)
            }
        }
        return sum
    }
}
