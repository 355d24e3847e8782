// Public arithmetic on edwards25519, over encoded points (32 bytes) and scalars (32 bytes,
// little-endian).

import CSodium

enum Curve {
    private static let identity: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)

    static func isIdentity(_ point: [UInt8]) -> Bool { point == identity }

    static func isPrimeOrderPoint(_ point: [UInt8]) -> Bool {
        unsafe point.count == 32 && crypto_core_ed25519_is_valid_point(point) == 1
    }

    /// Nil unless both are points of the curve.
    static func add(_ left: [UInt8], _ right: [UInt8]) -> [UInt8]? {
        var sum = [UInt8](repeating: 0, count: 32)
        guard unsafe crypto_core_ed25519_add(&sum, left, right) == 0 else { return nil }
        return sum
    }

    /// Eight times a point; nil unless `bytes` is the canonical encoding of a point (RFC 8032, 5.1.3).
    ///
    /// Adding the identity decodes and encodes again, which changes exactly the encodings that are
    /// not canonical: libsodium's own decoder takes them.
    static func multiplyByCofactor(_ bytes: [UInt8]) -> [UInt8]? {
        guard add(bytes, identity) == bytes, let two = add(bytes, bytes),
            let four = add(two, two)
        else { return nil }
        return add(four, four)
    }

    /// Nil when the point is not of prime order, or the result is the identity.
    static func multiply(_ point: [UInt8], by scalar: [UInt8]) -> [UInt8]? {
        var product = [UInt8](repeating: 0, count: 32)
        guard unsafe crypto_scalarmult_ed25519_noclamp(&product, scalar, point) == 0 else {
            return nil
        }
        return product
    }

    static func multiplyGenerator(by scalar: [UInt8]) -> [UInt8]? {
        var product = [UInt8](repeating: 0, count: 32)
        guard unsafe crypto_scalarmult_ed25519_base_noclamp(&product, scalar) == 0 else {
            return nil
        }
        return product
    }

    /// A short number as a scalar.
    static func scalar(_ short: [UInt8]) -> [UInt8] {
        short + [UInt8](repeating: 0, count: 32 - short.count)
    }

    static func negate(_ scalar: [UInt8]) -> [UInt8] {
        var negated = [UInt8](repeating: 0, count: 32)
        unsafe crypto_core_ed25519_scalar_negate(&negated, scalar)
        return negated
    }

    /// Whether a scalar is below the order of the group.
    static func isCanonicalScalar(_ scalar: [UInt8]) -> Bool {
        var reduced = [UInt8](repeating: 0, count: 32)
        let wide = scalar + [UInt8](repeating: 0, count: 32)
        unsafe crypto_core_ed25519_scalar_reduce(&reduced, wide)
        return reduced == scalar
    }
}
