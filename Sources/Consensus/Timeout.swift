package import Primitives
package import Voting

/// A timer of one round. How long it runs is the replica's business.
package struct Timeout: Sendable, Hashable {
    package enum Kind: UInt8, Sendable, Hashable {
        case propose = 1
        case prevote = 2
        case precommit = 3
    }

    package let kind: Kind
    package let height: Height
    package let round: Round

    package init(kind: Kind, height: Height, round: Round) {
        self.kind = kind
        self.height = height
        self.round = round
    }
}

extension Timeout: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(kind.rawValue)
        writer.write(height)
        writer.write(round)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let tag = try reader.readUInt8()
        guard let kind = Kind(rawValue: tag) else {
            throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
        self.kind = kind
        height = try Height(from: &reader)
        round = try Round(from: &reader)
    }
}
