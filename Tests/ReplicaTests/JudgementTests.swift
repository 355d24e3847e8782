import Consensus
import Cryptography
import Ledger
import Primitives
import Replica
import Testing
import Voting

/// One replica, and a test that plays the proposer: what makes a block worth a vote.
@Suite("Judging blocks")
struct JudgementTests {
    /// A cluster whose proposer's block for height 2 has been taken off the network.
    private struct Scene {
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

    @Test("an honest block is prevoted")
    func honest() throws {
        let scene = try Scene()
        #expect(try scene.judge(scene.block) == nil)
        #expect(scene.prevote == scene.block.hash)
    }

    @Test("each wrong field of the header has its own rejection, and a prevote for none")
    func header() throws {
        let other = try #require(Digest([UInt8](repeating: 1, count: 32)))
        let chain = try #require(ChainID("elsewhere"))
        let tip = try Scene().cluster.stores[0].tip
        let cases: [(BlockRejection, (inout BlockHeader) -> Void)] = [
            (.wrongChain, { $0.chain = chain }),
            (
                .wrongHeight(expected: Height(2), found: Height(3)),
                { $0.height = Height(3) }
            ),
            (.wrongParent(expected: tip.hash, found: other), { $0.parent = other }),
            (
                .timeNotAfterParent(parent: tip.time, found: tip.time),
                { $0.time = tip.time }
            ),
            (.contentsMismatch, { $0.transactionsRoot = other }),
            (.contentsMismatch, { $0.evidenceRoot = other }),
            (.contentsMismatch, { $0.lastCommitHash = other }),
            (.wrongValidators, { $0.validatorsHash = other }),
            (.wrongNextValidators, { $0.nextValidatorsHash = other }),
            (.invalidBeacon, { $0.beacon = other }),
            (.invalidBeacon, { $0.vrfProof = .zero }),
            (.wrongReceipts, { $0.receiptsRoot = other }),
            (.wrongState, { $0.stateRoot = other }),
        ]
        for (rejection, change) in cases {
            let scene = try Scene()
            #expect(try scene.judge(scene.altered(change)) == rejection)
            #expect(scene.prevote == nil)
            #expect(scene.cluster.requests(scene.judge).count >= 1)
        }
    }

    @Test("a new block has to come from the proposer of its round")
    func proposer() throws {
        let scene = try Scene()
        let key = try SigningKey(seed: scene.cluster.keys[scene.judge]).publicKey
        #expect(try scene.judge(scene.altered { $0.proposer = key }) == .wrongProposer)
    }

    @Test("a forged, unexecutable or misplaced transaction spoils the block")
    func transactions() throws {
        let senders = try Senders()
        let good = try senders.transfer(2, nonce: 0)
        let forged = SignedTransaction(body: good.body, key: good.key, signature: .zero)
        let scene = try Scene()
        #expect(
            try scene.judge(scene.with(transactions: [forged])) == .forgedTransaction(good.id)
        )
        for wrong in [try senders.transfer(2, nonce: 1), try senders.transfer(9, nonce: 0)] {
            let scene = try Scene()
            #expect(try scene.judge(scene.with(transactions: [wrong])) == .notIncludable)
        }
    }

    @Test("the certificate of the block before must be there, and hold")
    func lastCommit() throws {
        let scene = try Scene()
        let commit = try #require(scene.block.lastCommit)
        #expect(try scene.judge(scene.with(lastCommit: .some(nil))) == .missingLastCommit)
        let short = CommitCertificate(
            height: commit.height,
            round: commit.round,
            block: commit.block,
            signatures: Array(commit.signatures.prefix(2))
        )
        let power = scene.cluster.stores[0].tip.validators.total
        #expect(
            try Scene().judge(scene.with(lastCommit: .some(short)))
                == .invalidLastCommit(
                    .insufficientPower(signed: power / 2, total: power)
                )
        )
        let forged = CommitCertificate(
            height: commit.height,
            round: commit.round,
            block: commit.block,
            signatures: commit.signatures.map {
                CommitCertificate.Entry(validator: $0.validator, signature: .zero)
            }
        )
        #expect(
            try Scene().judge(scene.with(lastCommit: .some(forged)))
                == .invalidLastCommit(.invalidSignature(ValidatorIndex(0)))
        )
    }

    @Test(
        "a clock that is off by more than the allowance on either side gets no vote, and no blame"
    )
    func untimely() throws {
        let skew = UInt64(ChainParameters.test.timing.clockSkewMilliseconds)
        let delay = UInt64(ChainParameters.test.timing.proposeMilliseconds)
        for (shift, isTimely) in [
            (Int64(skew), true), (Int64(skew) + 1, false),
            (-Int64(skew + 2 * delay), true), (-Int64(skew + 2 * delay) - 1, false),
        ] {
            let scene = try Scene()
            // The judge's clock is set so that the block's time is off by `shift`.
            scene.cluster.clock = UInt64(Int64(scene.block.header.time) - shift)
            let rejection = try scene.judge(scene.block)
            #expect((rejection == nil) == isTimely, "\(shift)")
            #expect(scene.prevote == (isTimely ? scene.block.hash : nil))
            #expect(scene.cluster.reports(scene.judge).isEmpty)
        }
    }

    @Test("forged signatures and mismatched blocks are reported and change nothing")
    func forged() throws {
        let scene = try Scene()
        let peer = try scene.cluster.peer(scene.proposer)
        let before = scene.cluster.replicas[scene.judge].consensus.machine
        let forgedProposal = SignedProposal(proposal: scene.signed.proposal, signature: .zero)
        try scene.cluster.give(
            .message(.proposal(forgedProposal, scene.block), from: peer),
            to: scene.judge
        )
        let other = scene.altered { $0.time += 1 }
        try scene.cluster.give(
            .message(.proposal(scene.signed, other), from: peer),
            to: scene.judge
        )
        let vote = Vote(
            kind: .prevote,
            height: Height(2),
            round: .zero,
            block: nil,
            validator: try scene.cluster.index(of: scene.proposer)
        )
        try scene.cluster.give(
            .message(.votes([SignedVote(vote: vote, signature: .zero)]), from: peer),
            to: scene.judge
        )
        let transfer = try Senders().transfer(3, nonce: 0)
        let forgedTransfer = SignedTransaction(
            body: transfer.body,
            key: transfer.key,
            signature: .zero
        )
        try scene.cluster.give(
            .message(.transactions([forgedTransfer]), from: peer),
            to: scene.judge
        )
        #expect(
            scene.cluster.reports(scene.judge) == [
                .forgedProposal(scene.signed.proposal), .mismatchedBlock(scene.signed.proposal),
                .forgedVote(vote), .forgedTransaction(transfer.id),
            ]
        )
        #expect(scene.cluster.replicas[scene.judge].consensus.machine == before)
        #expect(scene.cluster.replicas[scene.judge].mempool.count == 0)
    }

    @Test("what is refused only because of state or time blames nobody")
    func noBlame() throws {
        let scene = try Scene()
        let peer = try scene.cluster.peer(scene.proposer)
        let senders = try Senders()
        let refused = [
            try senders.transfer(1, nonce: 0), try senders.transfer(9, nonce: 0),
            try senders.transfer(3, nonce: 500), try senders.transfer(3, nonce: 0, fee: 1),
        ]
        try scene.cluster.give(.message(.transactions(refused), from: peer), to: scene.judge)
        let far = Vote(
            kind: .precommit,
            height: Height(90),
            round: .zero,
            block: nil,
            validator: ValidatorIndex(0)
        )
        try scene.cluster.give(
            .message(.votes([SignedVote(vote: far, signature: .zero)]), from: peer),
            to: scene.judge
        )
        #expect(scene.cluster.reports(scene.judge).isEmpty)
        #expect(scene.cluster.replicas[scene.judge].mempool.count == 0)
    }

    @Test("a validator that votes twice is proved guilty in a block")
    func evidence() throws {
        let scene = try Scene()
        let faulty = try scene.cluster.index(of: (scene.proposer + 2) % 4)
        for block in [nil, scene.block.hash] {
            let vote = Vote(
                kind: .prevote,
                height: Height(2),
                round: .zero,
                block: block,
                validator: faulty
            )
            try scene.cluster.give(
                .message(.votes([try scene.cluster.sign(vote)]), from: try scene.cluster.peer(0)),
                to: scene.judge
            )
        }
        #expect(
            scene.cluster.notes(scene.judge).contains(
                .equivocation(Height(2), faulty)
            )
        )
        scene.cluster.passes = { _, _, _ in true }
        try scene.cluster.pass(20_000)
        let found = scene.cluster.stores[0].blocks.flatMap(\.block.evidence)
        #expect(found.map(\.validator) == [faulty])
    }

    @Test("a fault that was punished already calls for no blocks")
    func repeatedEvidence() throws {
        let scene = try Scene()
        let cluster = scene.cluster
        let faulty = try cluster.index(of: (scene.proposer + 2) % 4)
        func equivocate() throws {
            for block in [nil, scene.block.hash] {
                let vote = Vote(
                    kind: .prevote,
                    height: cluster.stores[0].tip.height.next,
                    round: .zero,
                    block: block,
                    validator: faulty
                )
                let message = ReplicaMessage.votes([try cluster.sign(vote)])
                for node in 0..<4 {
                    try cluster.give(.message(message, from: try cluster.peer(0)), to: node)
                }
            }
        }
        try equivocate()
        cluster.passes = { _, _, _ in true }
        func punished() -> Bool { cluster.stores[0].blocks.contains { !$0.block.evidence.isEmpty } }
        for _ in 0..<1_000 where !punished() { try cluster.pass(10) }
        #expect(punished())
        let set = cluster.stores[0].tip.validators
        try equivocate()
        #expect(cluster.stores[0].tip.validators == set)
        let before = cluster.heights()[0]
        try cluster.pass(10_000)
        let heartbeats = 10_000 / UInt64(cluster.record.parameters.timing.heartbeatMilliseconds)
        #expect(cluster.heights()[0] - before <= heartbeats + 5)
        let faults = cluster.stores[0].blocks.flatMap(\.block.evidence)
        #expect(faults.count == 1)
    }
}
