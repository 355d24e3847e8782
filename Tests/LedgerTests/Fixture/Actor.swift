import Cryptography
import Ledger
import Primitives

/// Somebody with a key.
struct Actor: Sendable, Hashable {
    let seed: [UInt8]
    let key: PublicKey
    let address: Address

    init(_ number: UInt8) {
        seed = Array(repeating: number, count: 32)
        guard let signer = try? SigningKey(seed: seed) else { preconditionFailure("32 bytes") }
        key = signer.publicKey
        address = Address(firstKey: signer.publicKey)
    }

    func sign(_ message: [UInt8]) -> Signature {
        guard let signer = try? SigningKey(seed: seed) else { preconditionFailure("32 bytes") }
        return signer.sign(message)
    }

    func sign(_ body: Transaction) -> SignedTransaction {
        SignedTransaction(body: body, key: key, signature: sign(body.signBytes))
    }
}

/// A validator: a cold owner and a hot key.
struct Operator: Sendable, Hashable {
    let owner: Actor
    let hot: Actor

    init(_ number: UInt8) {
        owner = Actor(100 + number)
        hot = Actor(150 + number)
    }
}
