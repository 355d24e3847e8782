import Cryptography
package import Primitives

/// The proposer's word that a block is its candidate for a round (PROPOSAL of arXiv 1807.04938).
package struct Proposal: Sendable, Hashable {
    package let height: Height
    package let round: Round
    package let block: Digest
    /// The round in which the block already had two thirds of the prevotes; nil for a new block.
    package let validRound: Round?
    package let proposer: ValidatorIndex

    package init(
        height: Height,
        round: Round,
        block: Digest,
        validRound: Round?,
        proposer: ValidatorIndex
    ) {
        self.height = height
        self.round = round
        self.block = block
        self.validRound = validRound
        self.proposer = proposer
    }

    /// What the proposer signs: the tagged hash of chain and proposal.
    package func signBytes(chain: ChainID) -> [UInt8] {
        var writer = BorshWriter()
        writer.write(chain)
        writer.write(self)
        return taggedHash(VotingTag.proposal, writer.bytes).bytes
    }
}

extension Proposal: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(height)
        writer.write(round)
        writer.write(block)
        writer.writeOptional(validRound)
        writer.write(proposer)
    }

    /// Refuses a valid round that is not before the round.
    package init(from reader: inout BorshReader) throws(BorshError) {
        height = try Height(from: &reader)
        round = try Round(from: &reader)
        block = try Digest(from: &reader)
        let valid: Round? = try reader.readOptional()
        let current = round
        try reader.require(valid.map { $0 < current } ?? true, "validRound")
        validRound = valid
        proposer = try ValidatorIndex(from: &reader)
    }
}
