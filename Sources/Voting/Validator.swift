package import Primitives

/// One validator as consensus sees it: who owns it, which hot key signs, and its voting power.
package struct Validator: Sendable, Hashable {
    /// The account of the cold owner key, which receives rewards.
    package let address: Address
    /// The hot key that signs votes, proposals and beacon proofs.
    package let key: PublicKey
    /// Voting power, never zero in a set.
    package let power: UInt64

    package init(address: Address, key: PublicKey, power: UInt64) {
        self.address = address
        self.key = key
        self.power = power
    }
}

extension Validator: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(address)
        writer.write(key)
        writer.write(power)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        address = try Address(from: &reader)
        key = try PublicKey(from: &reader)
        power = try reader.readUInt64()
    }
}
