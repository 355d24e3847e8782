import Cryptography
package import Primitives

/// Which contributors influenced one answer, and by how much: the unit output of an attribution
/// claim, and what a settlement pays by.
///
/// Invariants: contributors ascend strictly, and the weights' magnitudes sum to at most
/// `ContributorShare.scale`.
package struct QueryAttribution: Sendable, Hashable {
    package static let shareLimit = 1_024

    /// The digest of the receipt that was attributed.
    package let receipt: Digest
    package let fee: Amount
    /// The hash of the whole vector of record scores, so that a verifier compares all of them.
    package let scores: Digest
    package let shares: [ContributorShare]

    /// Sorts the shares by contributor; nil when they break the invariants.
    package init?(receipt: Digest, fee: Amount, scores: Digest, shares: [ContributorShare]) {
        let sorted = shares.sorted { $0.contributor < $1.contributor }
        guard Self.isValid(sorted) else { return nil }
        self.receipt = receipt
        self.fee = fee
        self.scores = scores
        self.shares = sorted
    }

    package var digest: Digest { taggedHash(CommitmentTag.attribution, borshBytes) }

    private static func isValid(_ shares: [ContributorShare]) -> Bool {
        guard shares.count <= shareLimit else { return false }
        var total: UInt64 = 0
        for share in shares {
            total += min(share.weight.magnitude, 1 << 33)
        }
        let ascends = zip(shares, shares.dropFirst()).allSatisfy { $0.contributor < $1.contributor }
        return ascends && total <= ContributorShare.scale.magnitude
    }
}

extension QueryAttribution: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(receipt)
        writer.write(fee)
        writer.write(scores)
        writer.writeArray(shares)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        receipt = try Digest(from: &reader)
        fee = try Amount(from: &reader)
        scores = try Digest(from: &reader)
        shares = try reader.readArray(limit: Self.shareLimit)
        try reader.require(Self.isValid(shares), "shares")
    }
}

extension QueryAttribution: CommittedElement {
    package static let listLimit = 4_096
}
