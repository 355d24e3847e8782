package import Cryptography
package import Ledger
package import Primitives
package import Storage
import Verification

/// A validator's hot key, shared by the signer of votes and the sender of verdicts: either here, and
/// wiped with the last of them, or in a signer process.
package final class HotKey: Sendable {
    private final class OwnKey: Sendable {
        let key: SigningKey

        init(_ key: consuming SigningKey) { self.key = key }
    }

    private let own: OwnKey?
    /// The process that has the key and its record.
    let signer: SignerClient?
    package let publicKey: PublicKey

    package init(_ key: consuming SigningKey) {
        publicKey = key.publicKey
        own = OwnKey(key)
        signer = nil
    }

    package init(signer: SignerClient) {
        own = nil
        self.signer = signer
        publicKey = signer.standing.key
    }

    /// The account that the key itself opens, from which verdicts are sent.
    package var address: Address { Address(firstKey: publicKey) }

    /// Signs bytes of this process, which holds the key.
    func sign(_ bytes: [UInt8]) -> Signature? {
        own?.key.sign(bytes)
    }

    func prove(_ alpha: [UInt8]) -> VRFProof? {
        own.map { VRF.prove(alpha, with: $0.key) }
    }

    package func sign(_ body: Transaction) throws(SignGuardError) -> SignedTransaction {
        if let own { return body.signed(with: own.key) }
        guard case .signature(let signature)? = try signer?.call(.verdict(body)) else {
            throw .signer("the signer gave no signature")
        }
        return SignedTransaction(body: body, key: publicKey, signature: signature)
    }

    package func salt(claim: Digest, panel: UInt64) throws(SignGuardError) -> Digest {
        if let own { return ClaimVerifier.salt(claim: claim, panel: panel, key: own.key) }
        guard case .salt(let salt)? = try signer?.call(.salt(claim: claim, panel: panel)) else {
            throw .signer("the signer gave no salt")
        }
        return salt
    }
}
