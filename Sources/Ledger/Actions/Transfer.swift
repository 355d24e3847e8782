package import Primitives

/// Moves an amount from the sender to an address, which need not have an account yet.
package struct Transfer: Sendable, Hashable {
    package let to: Address
    package let amount: Amount

    package init(to: Address, amount: Amount) {
        self.to = to
        self.amount = amount
    }
}

extension Transfer: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(to)
        writer.write(amount)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        to = try Address(from: &reader)
        amount = try Amount(from: &reader)
    }
}
