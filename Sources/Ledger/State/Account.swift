package import Primitives

/// An address that has been paid, or has sent a transaction.
package struct Account: Sendable, Hashable {
    /// The nonce of the next transaction.
    package var nonce: UInt64
    package var balance: Amount

    package init(nonce: UInt64 = 0, balance: Amount = .zero) {
        self.nonce = nonce
        self.balance = balance
    }
}

extension Account: StateEntry {
    package var holdings: [Holding] { [Holding(.balances, balance)] }

    package func encode(to writer: inout BorshWriter) {
        writer.write(nonce)
        writer.write(balance)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        nonce = try reader.readUInt64()
        balance = try Amount(from: &reader)
    }
}
