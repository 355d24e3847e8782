package import Cryptography
package import Primitives

/// Who this node is on the network: its Ed25519 key, and a Noise static key that the former has
/// signed. The signing key itself is not kept.
package struct PeerIdentity: Sendable {
    package let publicKey: PublicKey
    let staticKey: NoiseKeyPair
    let payload: [UInt8]

    /// Draws a static key for the life of this process.
    package init(signedBy key: borrowing SigningKey) {
        self.init(signedBy: key, staticKey: NoiseSuite.generateKey())
    }

    init(signedBy key: borrowing SigningKey, staticKey: NoiseKeyPair) {
        publicKey = key.publicKey
        self.staticKey = staticKey
        let signature = key.sign(IdentityPayload.signBytes(staticKey.publicKey))
        payload = IdentityPayload(key: publicKey, signature: signature).borshBytes
    }
}

/// What each side says about itself inside the handshake, encrypted.
struct IdentityPayload: BorshCodable {
    let key: PublicKey
    /// Over the tag and the X25519 static key of the same handshake. The chain needs no mention:
    /// it is in the prologue, without which the payload cannot be read.
    let signature: Signature

    static func signBytes(_ staticKey: [UInt8]) -> [UInt8] {
        Array("openledger/noise-static/v1".utf8) + staticKey
    }

    init(key: PublicKey, signature: Signature) {
        self.key = key
        self.signature = signature
    }

    /// The identity behind `bytes`, or nil unless it signed `staticKey`.
    static func verify(_ bytes: [UInt8], staticKey: [UInt8]) -> PublicKey? {
        guard let payload = try? IdentityPayload(borsh: bytes),
            Ed25519.verify(payload.signature, of: signBytes(staticKey), by: payload.key)
        else { return nil }
        return payload.key
    }

    func encode(to writer: inout BorshWriter) {
        writer.write(key)
        writer.write(signature)
    }

    init(from reader: inout BorshReader) throws(BorshError) {
        key = try PublicKey(from: &reader)
        signature = try Signature(from: &reader)
    }
}
