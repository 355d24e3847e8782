// Actions of validators and of those who delegate to them.

import Cryptography
package import Primitives

/// Makes the sender's account the cold owner of a validator.
package struct RegisterValidator: Sendable, Hashable {
    /// The hot key that will sign votes.
    package let key: PublicKey
    /// The owner's own stake.
    package let stake: Amount
    /// The owner's part of rewards, before they are shared by stake.
    package let commissionPerMille: UInt16
    /// The hot key's signature over chain and owner: nobody registers a key that is not theirs.
    package let proof: Signature

    package init(key: PublicKey, stake: Amount, commissionPerMille: UInt16, proof: Signature) {
        self.key = key
        self.stake = stake
        self.commissionPerMille = commissionPerMille
        self.proof = proof
    }

    /// What the hot key signs for `proof`.
    package static func proofBytes(chain: ChainID, owner: Address) -> [UInt8] {
        var writer = BorshWriter()
        writer.write(chain)
        writer.write(owner)
        return taggedHash(LedgerTag.hotKeyProof, writer.bytes).bytes
    }
}

extension RegisterValidator: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(key)
        writer.write(stake)
        writer.write(commissionPerMille)
        writer.write(proof)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        key = try PublicKey(from: &reader)
        stake = try Amount(from: &reader)
        commissionPerMille = try reader.readPerMille()
        proof = try Signature(from: &reader)
    }
}

/// Adds the sender's tokens to a validator's stake.
package struct Delegate: Sendable, Hashable {
    package let validator: Address
    package let amount: Amount

    package init(validator: Address, amount: Amount) {
        self.validator = validator
        self.amount = amount
    }
}

extension Delegate: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(validator)
        writer.write(amount)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        validator = try Address(from: &reader)
        amount = try Amount(from: &reader)
    }
}

/// Takes tokens out of a validator's stake; they are paid out when unbonding ends.
package struct Undelegate: Sendable, Hashable {
    package let validator: Address
    package let amount: Amount

    package init(validator: Address, amount: Amount) {
        self.validator = validator
        self.amount = amount
    }
}

extension Undelegate: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(validator)
        writer.write(amount)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        validator = try Address(from: &reader)
        amount = try Amount(from: &reader)
    }
}

/// Gives the sender's validator a new hot key. The old one signs until the new one serves, and
/// stays punishable for what it signed.
package struct RotateKey: Sendable, Hashable {
    package let key: PublicKey
    /// The new key's signature over `RegisterValidator.proofBytes`.
    package let proof: Signature

    package init(key: PublicKey, proof: Signature) {
        self.key = key
        self.proof = proof
    }
}

extension RotateKey: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(key)
        writer.write(proof)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        key = try PublicKey(from: &reader)
        proof = try Signature(from: &reader)
    }
}
