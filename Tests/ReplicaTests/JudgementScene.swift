import Consensus
import Cryptography
import Ledger
import Primitives
import Replica
import Testing
import Voting

/// A cluster whose proposer's block for height 2 has been taken off the network.
struct JudgementScene {
    let cluster: Cluster
    let signed: SignedProposal
    let block: Block
    let proposer: Int
    let judge: Int

    init() throws {
        cluster = try Cluster()
        try cluster.begin()
        try cluster.give(
            .submit(try Senders().transfer(1, nonce: 0), SubmissionID(1)),
            to: 0
        )
        try cluster.pass(100)
        #expect(cluster.heights() == [1, 1, 1, 1])
        var caught: (SignedProposal, Block)?
        cluster.passes = { message, _, _ in
            if case .proposal(let signed, let block) = message { caught = (signed, block) }
            return false
        }
        let due = try cluster.proposer()
        try cluster.give(
            .submit(try Senders().transfer(2, nonce: 0), SubmissionID(2)),
            to: due
        )
        try cluster.deliver()
        (signed, block) = try #require(caught)
        proposer = due
        judge = (due + 1) % 4
        cluster.effects[judge] = []
    }

    /// Lets the judge see a block that the due proposer has properly signed.
    func judge(
        _ block: Block,
        round: Round = .zero,
        validRound: Round? = nil
    ) throws -> BlockRejection? {
        let proposal = Proposal(
            height: Height(2),
            round: round,
            block: block.hash,
            validRound: validRound,
            proposer: try cluster.index(of: proposer)
        )
        try cluster.give(
            .message(
                .proposal(try cluster.sign(proposal), block),
                from: try cluster.peer(proposer)
            ),
            to: judge
        )
        for note in cluster.notes(judge) {
            if case .rejected(block.hash, let rejection) = note { return rejection }
        }
        return nil
    }

    /// The block whose prevote the judge asked to have signed; nil for a vote for none.
    var prevote: Digest? {
        for request in cluster.requests(judge) {
            if case .vote(let vote) = request, vote.kind == .prevote { return vote.block }
        }
        return nil
    }

    func altered(_ change: (inout BlockHeader) -> Void) -> Block {
        var header = block.header
        change(&header)
        return Block(
            header: header,
            transactions: block.transactions,
            evidence: block.evidence,
            lastCommit: block.lastCommit
        )
    }

    func with(
        transactions: [SignedTransaction]? = nil,
        evidence: [DuplicateVoteEvidence]? = nil,
        lastCommit: CommitCertificate?? = nil
    ) -> Block {
        let transactions = transactions ?? block.transactions
        let evidence = evidence ?? block.evidence
        let commit = lastCommit ?? block.lastCommit
        var header = block.header
        header.transactionsRoot = Block.transactionsRoot(transactions)
        header.evidenceRoot = Block.evidenceRoot(evidence)
        header.lastCommitHash = Block.lastCommitHash(commit)
        return Block(
            header: header,
            transactions: transactions,
            evidence: evidence,
            lastCommit: commit
        )
    }
}
