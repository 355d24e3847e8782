import Ledger
package import Primitives
package import Voting

/// Two headers of one height that follow from one trusted header: at least a third of the power
/// that was trusted has broken the rules. The signatures inside prove it to everyone.
package struct ConflictingHeaders: Sendable, Hashable {
    package let commonHeight: Height
    package let commonHash: Digest
    package let first: LightBlock
    package let second: LightBlock

    /// - Precondition: both blocks have the same height, above the common one, and differ.
    package init(common: TrustedHeader, first: LightBlock, second: LightBlock) {
        precondition(first.height == second.height && first.height > common.height)
        precondition(first.header.hash != second.header.hash)
        commonHeight = common.height
        commonHash = common.hash
        self.first = first
        self.second = second
    }

    /// Checks again what it proves, for someone who did not see it come about.
    package func checkItself(chain: ChainID) throws(LightClientError) {
        try first.checkItself(chain: chain)
        try second.checkItself(chain: chain)
    }

    /// Validators that signed both headers, by hot key. In one round that is equivocation; in
    /// different rounds some of them broke their locks, and the validators' logs tell who.
    package var signersOfBoth: [PublicKey] {
        let others = Set(Self.signers(of: second))
        return Self.signers(of: first).filter { others.contains($0) }
    }

    /// What the chain itself punishes: a double vote of each validator that precommitted both
    /// blocks in one round. Empty when the rounds or the sets differ.
    package var duplicateVotes: [DuplicateVoteEvidence] {
        guard first.header.validatorsHash == second.header.validatorsHash else { return [] }
        let votes = second.certificate.votes
        return first.certificate.votes.compactMap { one in
            votes.first { $0.vote.validator == one.vote.validator }
                .flatMap { DuplicateVoteEvidence(one, $0) }
        }
    }

    private static func signers(of block: LightBlock) -> [PublicKey] {
        block.certificate.signatures.compactMap { block.validators[$0.validator]?.key }
    }
}

extension ConflictingHeaders: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(commonHeight)
        writer.write(commonHash)
        writer.write(first)
        writer.write(second)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        commonHeight = try Height(from: &reader)
        commonHash = try Digest(from: &reader)
        first = try LightBlock(from: &reader)
        second = try LightBlock(from: &reader)
        try reader.require(
            first.height == second.height && first.height > commonHeight
                && first.header.hash != second.header.hash,
            "conflicting headers"
        )
    }
}
