// Proof of equivocation: one validator signed two votes where an honest one signs at most one.

import Cryptography
package import Primitives

/// Why two votes prove no fault.
package enum EvidenceError: Error, Equatable {
    case unknownValidator(ValidatorIndex)
    case invalidSignature
}

/// Two conflicting votes by one validator.
///
/// Invariant: same kind, height, round and validator; the first names the smaller block, where
/// no block is smaller than any. One fault has one encoding, whoever reports it.
package struct DuplicateVoteEvidence: Sendable, Hashable {
    package let first: SignedVote
    package let second: SignedVote

    /// Orders the two votes; nil when they do not conflict.
    package init?(_ one: SignedVote, _ other: SignedVote) {
        let (left, right) = (one.vote, other.vote)
        guard left.kind == right.kind, left.height == right.height, left.round == right.round,
            left.validator == right.validator, left.block != right.block
        else { return nil }
        (first, second) = Self.precedes(left.block, right.block) ? (one, other) : (other, one)
    }

    package var height: Height { first.vote.height }
    package var validator: ValidatorIndex { first.vote.validator }

    /// Covers the votes, not the signatures: a fault is the same fault however often it is signed.
    package var hash: Digest {
        var writer = BorshWriter()
        writer.write(first.vote)
        writer.write(second.vote)
        return taggedHash(VotingTag.evidence, writer.bytes)
    }

    /// Checks both signatures against the set of the votes' height.
    package func verify(set: ValidatorSet, chain: ChainID) throws(EvidenceError) {
        guard set[validator] != nil else { throw .unknownValidator(validator) }
        guard first.isSigned(in: set, chain: chain), second.isSigned(in: set, chain: chain) else {
            throw .invalidSignature
        }
    }

    private static func precedes(_ left: Digest?, _ right: Digest?) -> Bool {
        guard let right else { return false }
        guard let left else { return true }
        return left < right
    }
}

extension DuplicateVoteEvidence: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(first)
        writer.write(second)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let one = try SignedVote(from: &reader)
        let other = try SignedVote(from: &reader)
        guard let evidence = DuplicateVoteEvidence(one, other), evidence.first == one else {
            throw .invalidValue(offset: reader.offset, field: "evidence")
        }
        self = evidence
    }
}
