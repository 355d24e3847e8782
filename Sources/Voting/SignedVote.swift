import Cryptography
package import Primitives

/// A vote and its validator's signature. Decoding does not check the signature.
package struct SignedVote: Sendable, Hashable {
    package let vote: Vote
    package let signature: Signature

    package init(vote: Vote, signature: Signature) {
        self.vote = vote
        self.signature = signature
    }

    /// True when the vote's validator is in the set and signed exactly this vote on this chain.
    package func isSigned(in set: ValidatorSet, chain: ChainID) -> Bool {
        guard let validator = set[vote.validator] else { return false }
        return Ed25519.verify(signature, of: vote.signBytes(chain: chain), by: validator.key)
    }
}

extension SignedVote: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(vote)
        writer.write(signature)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        vote = try Vote(from: &reader)
        signature = try Signature(from: &reader)
    }
}
