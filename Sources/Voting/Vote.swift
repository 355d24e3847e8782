import Cryptography
package import Primitives

/// A prevote or precommit for a block, or for none (`block` nil).
package struct Vote: Sendable, Hashable {
    package enum Kind: UInt8, Sendable, Hashable, Comparable {
        case prevote = 1
        case precommit = 2

        package static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    package let kind: Kind
    package let height: Height
    package let round: Round
    package let block: Digest?
    package let validator: ValidatorIndex

    package init(
        kind: Kind,
        height: Height,
        round: Round,
        block: Digest?,
        validator: ValidatorIndex
    ) {
        self.kind = kind
        self.height = height
        self.round = round
        self.block = block
        self.validator = validator
    }

    /// What a validator signs: the tagged hash of chain and vote.
    package func signBytes(chain: ChainID) -> [UInt8] {
        var writer = BorshWriter()
        writer.write(chain)
        writer.write(self)
        return taggedHash(VotingTag.vote, writer.bytes).bytes
    }
}

extension Vote: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(kind.rawValue)
        writer.write(height)
        writer.write(round)
        writer.writeOptional(block)
        writer.write(validator)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let tag = try reader.readUInt8()
        guard let kind = Kind(rawValue: tag) else {
            throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
        self.kind = kind
        height = try Height(from: &reader)
        round = try Round(from: &reader)
        block = try reader.readOptional()
        validator = try ValidatorIndex(from: &reader)
    }
}
