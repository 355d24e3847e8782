package import Primitives

/// What became of a transaction in a block.
package struct Receipt: Sendable, Hashable {
    package enum Result: Sendable, Hashable {
        case ok
        /// The fee was paid and the nonce taken, and nothing else happened.
        case refused(Refusal)
    }

    package let transaction: Digest
    package let result: Result
    package let fee: Amount

    package init(transaction: Digest, result: Result, fee: Amount) {
        self.transaction = transaction
        self.result = result
        self.fee = fee
    }
}

extension Receipt: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(transaction)
        switch result {
        case .ok: writer.write(UInt8(0))
        case .refused(let refusal):
            writer.write(UInt8(1))
            writer.write(refusal)
        }
        writer.write(fee)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        transaction = try Digest(from: &reader)
        switch try reader.readUInt8() {
        case 0: result = .ok
        case 1: result = .refused(try Refusal(from: &reader))
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
        fee = try Amount(from: &reader)
    }
}
