// ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381): a number that only the key's owner can compute, and that
// anyone can check. Used for the beacon. Step numbers are the RFC's.
//
// Stricter than the RFC in one point: Gamma must lie in the prime-order group. Honest proofs always
// do, and the output is the same; this leaves one Gamma for each key and input.

package import Primitives

package enum VRF {
    package static let outputLength = 64

    static let suite: UInt8 = 3
    private static let challengeLength = 16

    /// Section 5.1. The nonce is derived from key and input, so the proof is deterministic.
    package static func prove(_ alpha: [UInt8], with key: borrowing SigningKey) -> VRFProof {
        let base = encodeToCurve(salt: key.publicKey.bytes, alpha)
        let secret = VRFSecret(key)
        let gamma = secret.multiply(base)
        let nonce = secret.nonce(base)
        let challenge = challenge([
            key.publicKey.bytes, base, gamma, nonce.multiplyGenerator(), nonce.multiply(base),
        ])
        let response = nonce.adding(challenge: Curve.scalar(challenge), times: secret)
        guard let proof = VRFProof(gamma + challenge + response) else {
            preconditionFailure("a proof has 32 + 16 + 32 bytes")
        }
        return proof
    }

    /// Section 5.3, then 5.2: the 64 bytes that the proof stands for, or nil when it proves nothing.
    package static func output(
        of proof: VRFProof,
        alpha: [UInt8],
        by key: PublicKey
    ) -> [UInt8]? {
        let bytes = proof.bytes
        let gamma = Array(bytes[..<32])
        let challenge = Array(bytes[32..<48])
        let response = Array(bytes[48...])
        guard Ed25519.isValidKey(key), Curve.isPrimeOrderPoint(gamma),
            Curve.isCanonicalScalar(response)
        else { return nil }
        let base = encodeToCurve(salt: key.bytes, alpha)
        let negated = Curve.negate(Curve.scalar(challenge))
        guard
            let left = Curve.multiplyGenerator(by: response),
            let leftKey = Curve.multiply(key.bytes, by: negated),
            let right = Curve.multiply(base, by: response),
            let rightGamma = Curve.multiply(gamma, by: negated),
            let first = Curve.add(left, leftKey), let second = Curve.add(right, rightGamma),
            challenge == Self.challenge([key.bytes, base, gamma, first, second]),
            let cleared = Curve.multiplyByCofactor(gamma)
        else { return nil }
        return SHA512.hash([suite, 3] + cleared + [0])
    }

    /// Section 5.4.1.1, try and increment. Each attempt succeeds with about one half, so 256 attempts
    /// fail for one input in 2^256.
    private static func encodeToCurve(salt: [UInt8], _ alpha: [UInt8]) -> [UInt8] {
        for counter in UInt8.min ... .max {
            let hash = SHA512.hash([suite, 1] + salt + alpha + [counter, 0])
            let candidate = Array(hash.prefix(32))
            if let point = Curve.multiplyByCofactor(candidate), !Curve.isIdentity(point) {
                return point
            }
        }
        preconditionFailure("no point within 256 attempts")
    }

    /// Section 5.4.3: 16 bytes.
    private static func challenge(_ points: [[UInt8]]) -> [UInt8] {
        Array(SHA512.hash([suite, 2] + points.joined() + [0]).prefix(challengeLength))
    }
}
