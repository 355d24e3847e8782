import Cryptography
package import Primitives
package import Voting

/// A header and what its roots stand for.
package struct Block: Sendable, Hashable {
    package static let byteLimit = 1_048_576
    package static let transactionLimit = 5_000
    package static let evidenceLimit = 16

    package let header: BlockHeader
    package let transactions: [SignedTransaction]
    package let evidence: [DuplicateVoteEvidence]
    /// The certificate of the block before; none in the first block.
    package let lastCommit: CommitCertificate?

    package init(
        header: BlockHeader,
        transactions: [SignedTransaction],
        evidence: [DuplicateVoteEvidence],
        lastCommit: CommitCertificate?
    ) {
        self.header = header
        self.transactions = transactions
        self.evidence = evidence
        self.lastCommit = lastCommit
    }

    package var hash: Digest { header.hash }

    /// True when the header's roots are those of the contents. State and receipts are for
    /// execution to judge.
    package var contentsMatchHeader: Bool {
        header.transactionsRoot == Self.transactionsRoot(transactions)
            && header.evidenceRoot == Self.evidenceRoot(evidence)
            && header.lastCommitHash == Self.lastCommitHash(lastCommit)
    }

    /// Leaves are whole signed transactions: a block's hash fixes its signatures as well.
    package static func transactionsRoot(_ transactions: [SignedTransaction]) -> Digest {
        ContentMerkle.root(of: transactions.map { $0.borshBytes })
    }

    package static func receiptsRoot(_ receipts: [Receipt]) -> Digest {
        ContentMerkle.root(of: receipts.map { $0.borshBytes })
    }

    package static func evidenceRoot(_ evidence: [DuplicateVoteEvidence]) -> Digest {
        ContentMerkle.root(of: evidence.map(\.borshBytes))
    }

    package static func lastCommitHash(_ commit: CommitCertificate?) -> Digest {
        commit?.hash ?? .zero
    }
}

extension Block: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(header)
        writer.writeArray(transactions)
        writer.writeArray(evidence)
        writer.writeOptional(lastCommit)
    }

    /// Refuses a block that is larger than `byteLimit` before it reads further.
    package init(from reader: inout BorshReader) throws(BorshError) {
        let start = reader.offset
        header = try BlockHeader(from: &reader)
        transactions = try reader.readArray(limit: Self.transactionLimit)
        try reader.require(reader.offset - start <= Self.byteLimit, "block size")
        evidence = try reader.readArray(limit: Self.evidenceLimit)
        lastCommit = try reader.readOptional()
        try reader.require(reader.offset - start <= Self.byteLimit, "block size")
    }
}
