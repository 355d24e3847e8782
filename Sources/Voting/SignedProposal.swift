import Cryptography
package import Primitives

/// A proposal and its proposer's signature. Decoding does not check the signature.
package struct SignedProposal: Sendable, Hashable {
    package let proposal: Proposal
    package let signature: Signature

    package init(proposal: Proposal, signature: Signature) {
        self.proposal = proposal
        self.signature = signature
    }

    /// True when the proposer is the one of that height and round, and signed exactly this.
    package func isSigned(in set: ValidatorSet, chain: ChainID) -> Bool {
        let due = set.proposer(height: proposal.height, round: proposal.round)
        guard due == proposal.proposer, let validator = set[due] else { return false }
        return Ed25519.verify(signature, of: proposal.signBytes(chain: chain), by: validator.key)
    }
}

extension SignedProposal: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(proposal)
        writer.write(signature)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        proposal = try Proposal(from: &reader)
        signature = try Signature(from: &reader)
    }
}
