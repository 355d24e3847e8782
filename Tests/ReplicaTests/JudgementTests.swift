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
    @Test("an honest block is prevoted")
    func honest() throws {
        let scene = try JudgementScene()
        #expect(try scene.judge(scene.block) == nil)
        #expect(scene.prevote == scene.block.hash)
    }

    @Test("each wrong field of the header has its own rejection, and a prevote for none")
    func header() throws {
        let other = try #require(Digest([UInt8](repeating: 1, count: 32)))
        let chain = try #require(ChainID("elsewhere"))
        let tip = try JudgementScene().cluster.stores[0].tip
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
            (.wrongValidators, { $0.validatorsHash = other }),
            (.wrongNextValidators, { $0.nextValidatorsHash = other }),
            (.invalidBeacon, { $0.beacon = other }),
            (.invalidBeacon, { $0.vrfProof = .zero }),
            (.wrongReceipts, { $0.receiptsRoot = other }),
            (.wrongState, { $0.stateRoot = other }),
        ]
        for (rejection, change) in cases {
            let scene = try JudgementScene()
            #expect(try scene.judge(scene.altered(change)) == rejection)
            #expect(scene.prevote == nil)
            #expect(scene.cluster.requests(scene.judge).count >= 1)
        }
    }

    @Test("a new block has to come from the proposer of its round")
    func proposer() throws {
        let scene = try JudgementScene()
        let key = try SigningKey(seed: scene.cluster.keys[scene.judge]).publicKey
        #expect(try scene.judge(scene.altered { $0.proposer = key }) == .wrongProposer)
    }

    @Test("a forged, unexecutable or misplaced transaction spoils the block")
    func transactions() throws {
        let senders = try Senders()
        let good = try senders.transfer(2, nonce: 0)
        let forged = SignedTransaction(body: good.body, key: good.key, signature: .zero)
        let scene = try JudgementScene()
        #expect(
            try scene.judge(scene.with(transactions: [forged])) == .forgedTransaction(good.id)
        )
        for wrong in [try senders.transfer(2, nonce: 1), try senders.transfer(9, nonce: 0)] {
            let scene = try JudgementScene()
            #expect(try scene.judge(scene.with(transactions: [wrong])) == .notIncludable)
        }
    }

    @Test("the certificate of the block before must be there, and hold")
    func lastCommit() throws {
        let scene = try JudgementScene()
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
            try JudgementScene().judge(scene.with(lastCommit: .some(short)))
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
            try JudgementScene().judge(scene.with(lastCommit: .some(forged)))
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
            let scene = try JudgementScene()
            // The judge's clock is set so that the block's time is off by `shift`.
            scene.cluster.clock = UInt64(Int64(scene.block.header.time) - shift)
            let rejection = try scene.judge(scene.block)
            #expect((rejection == nil) == isTimely, "\(shift)")
            #expect(scene.prevote == (isTimely ? scene.block.hash : nil))
            #expect(scene.cluster.reports(scene.judge).isEmpty)
        }
    }
}
