// Proof that a block is final: precommits of more than two thirds of the voting power.

import Cryptography
package import Primitives

/// Why a certificate proves nothing.
package enum CertificateError: Error, Hashable {
    case unknownValidator(ValidatorIndex)
    case invalidSignature(ValidatorIndex)
    case insufficientPower(signed: UInt64, total: UInt64)
}

/// The precommits that decided a block.
///
/// Invariant: signatures are in strictly ascending validator order, so nobody counts twice and
/// one choice of signatures has one encoding. Which signatures are inside is the collector's
/// choice; two honest nodes may hold different certificates for the same block.
package struct CommitCertificate: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package let validator: ValidatorIndex
        package let signature: Signature

        package init(validator: ValidatorIndex, signature: Signature) {
            self.validator = validator
            self.signature = signature
        }
    }

    package let height: Height
    package let round: Round
    package let block: Digest
    package let signatures: [Entry]

    /// Sorts the signatures by validator.
    ///
    /// - Precondition: every validator appears once; the vote keeper counts each once.
    package init(height: Height, round: Round, block: Digest, signatures: [Entry]) {
        let sorted = signatures.sorted { $0.validator < $1.validator }
        precondition(Self.isAscending(sorted))
        self.height = height
        self.round = round
        self.block = block
        self.signatures = sorted
    }

    package var hash: Digest { taggedHash(VotingTag.certificate, borshBytes) }

    package func contains(_ validator: ValidatorIndex) -> Bool {
        signatures.contains { $0.validator == validator }
    }

    /// Checks that validators of `set` with more than two thirds of its power signed the block.
    /// Every signature has to be valid, also those beyond the two thirds.
    ///
    /// - Parameter isKnown: true for a signature that this node has verified before.
    package func verify(
        set: ValidatorSet,
        chain: ChainID,
        isKnown: (Entry) -> Bool = { _ in false }
    ) throws(CertificateError) {
        var signed: UInt64 = 0
        for entry in signatures {
            guard let validator = set[entry.validator] else {
                throw .unknownValidator(entry.validator)
            }
            signed += validator.power
        }
        // Power first: it costs nothing, and a signature check costs much.
        guard set.isQuorum(signed) else {
            throw .insufficientPower(signed: signed, total: set.total)
        }
        for entry in signatures where !isKnown(entry) {
            guard signedVote(entry).isSigned(in: set, chain: chain) else {
                throw .invalidSignature(entry.validator)
            }
        }
    }

    /// The signatures as the votes that they are of.
    package var votes: [SignedVote] { signatures.map(signedVote) }

    private func signedVote(_ entry: Entry) -> SignedVote {
        SignedVote(
            vote: Vote(
                kind: .precommit,
                height: height,
                round: round,
                block: block,
                validator: entry.validator
            ),
            signature: entry.signature
        )
    }

    private static func isAscending(_ entries: [Entry]) -> Bool {
        zip(entries, entries.dropFirst()).allSatisfy { $0.validator < $1.validator }
    }
}

extension CommitCertificate.Entry: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(validator)
        writer.write(signature)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        validator = try ValidatorIndex(from: &reader)
        signature = try Signature(from: &reader)
    }
}

extension CommitCertificate: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(height)
        writer.write(round)
        writer.write(block)
        writer.writeArray(signatures)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        height = try Height(from: &reader)
        round = try Round(from: &reader)
        block = try Digest(from: &reader)
        signatures = try reader.readArray(limit: ValidatorSet.countLimit)
        try reader.require(Self.isAscending(signatures), "signatures")
    }
}
