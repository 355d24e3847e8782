import Primitives
import Testing
import Voting

@Suite("Commit certificate")
struct CertificateTests {
    @Test("more than two thirds of the power proves a block, and no less")
    func threshold() throws {
        let fixture = try Fixture(powers: [1, 1, 1])
        try fixture.certificate(by: [0, 1, 2]).verify(set: fixture.set, chain: fixture.chain)
        #expect(throws: CertificateError.insufficientPower(signed: 2, total: 3)) {
            try fixture.certificate(by: [0, 1]).verify(set: fixture.set, chain: fixture.chain)
        }
    }

    @Test("one altered signature spoils the certificate, even beyond two thirds")
    func alteredSignature() throws {
        let fixture = try Fixture(powers: [1, 1, 1, 1])
        let good = try fixture.certificate(by: [0, 1, 2, 3])
        var entries = good.signatures
        var bytes = entries[3].signature.bytes
        bytes[0] ^= 1
        entries[3] = CommitCertificate.Entry(
            validator: entries[3].validator,
            signature: try #require(Signature(bytes))
        )
        let bad = CommitCertificate(
            height: good.height,
            round: good.round,
            block: good.block,
            signatures: entries
        )
        #expect(throws: CertificateError.invalidSignature(ValidatorIndex(3))) {
            try bad.verify(set: fixture.set, chain: fixture.chain)
        }
    }

    @Test("a certificate holds on its own chain only")
    func otherChain() throws {
        let fixture = try Fixture(powers: [1])
        let other = try #require(ChainID("another"))
        #expect(throws: CertificateError.invalidSignature(ValidatorIndex(0))) {
            try fixture.certificate(by: [0]).verify(set: fixture.set, chain: other)
        }
    }

    @Test("a signer outside the set is refused before any signature is checked")
    func unknownSigner() throws {
        let large = try Fixture(powers: [1, 1, 1, 1])
        let small = try Fixture(powers: [1, 1])
        #expect(throws: CertificateError.unknownValidator(ValidatorIndex(3))) {
            try large.certificate(by: [0, 1, 3]).verify(set: small.set, chain: small.chain)
        }
    }

    @Test("the encoding round-trips, and repeated or unsorted signers are refused")
    func encoding() throws {
        let fixture = try Fixture(powers: [1, 1, 1])
        let certificate = try fixture.certificate(by: [2, 0])
        #expect(certificate.signatures.map(\.validator.value) == [0, 2])
        #expect(try CommitCertificate(borsh: certificate.borshBytes) == certificate)
        for order in [[1, 0], [0, 0]] {
            var writer = BorshWriter()
            writer.write(certificate.height)
            writer.write(certificate.round)
            writer.write(certificate.block)
            writer.writeArray(order.map { certificate.signatures[$0] })
            #expect(throws: BorshError.self) { try CommitCertificate(borsh: writer.bytes) }
        }
    }

    @Test("a known signature is not checked again")
    func knownSignatures() throws {
        let fixture = try Fixture(powers: [1])
        let forged = CommitCertificate(
            height: Height(5),
            round: .zero,
            block: Fixture.block(1),
            signatures: [.init(validator: ValidatorIndex(0), signature: .zero)]
        )
        try forged.verify(set: fixture.set, chain: fixture.chain) { $0.signature == .zero }
    }
}

@Suite("Votes, proposals and evidence")
struct VoteTests {
    @Test("a signature covers every field of a vote")
    func voteFields() throws {
        let fixture = try Fixture(powers: [1, 1])
        let signed = try fixture.sign(fixture.vote(by: 0))
        #expect(signed.isSigned(in: fixture.set, chain: fixture.chain))
        let others = [
            fixture.vote(.prevote, by: 0), fixture.vote(height: 6, by: 0),
            fixture.vote(round: 1, by: 0), fixture.vote(block: nil, by: 0), fixture.vote(by: 1),
        ]
        for other in others {
            let moved = SignedVote(vote: other, signature: signed.signature)
            #expect(!moved.isSigned(in: fixture.set, chain: fixture.chain))
        }
    }

    @Test("only the proposer of the height and round may propose")
    func proposer() throws {
        let fixture = try Fixture(powers: [1, 1, 1])
        let due = fixture.set.proposer(height: Height(5), round: Round(2))
        for index in UInt16(0)..<3 {
            let proposal = Proposal(
                height: Height(5),
                round: Round(2),
                block: Fixture.block(1),
                validRound: Round(1),
                proposer: ValidatorIndex(index)
            )
            let signed = try fixture.sign(proposal)
            #expect(
                signed.isSigned(in: fixture.set, chain: fixture.chain) == (index == due.value)
            )
            #expect(try SignedProposal(borsh: signed.borshBytes) == signed)
        }
    }

    @Test("a valid round that is not before the round is refused")
    func validRound() throws {
        let proposal = Proposal(
            height: Height(5),
            round: Round(2),
            block: Fixture.block(1),
            validRound: Round(2),
            proposer: ValidatorIndex(0)
        )
        #expect(throws: BorshError.self) { try Proposal(borsh: proposal.borshBytes) }
    }

    @Test("rounds over the limit and unknown vote kinds are refused")
    func limits() throws {
        #expect(throws: BorshError.self) {
            try Round(borsh: [0x41, 0x42, 0x0f, 0x00])  // 1,000,001
        }
        #expect(try Round(borsh: [0x40, 0x42, 0x0f, 0x00]).value == Round.limit)
        var bytes = try Fixture(powers: [1]).vote(by: 0).borshBytes
        bytes[0] = 3
        #expect(throws: BorshError.tagOutOfRange(offset: 0, tag: 3)) { try Vote(borsh: bytes) }
    }

    @Test("two votes of one validator for different blocks are evidence, in one form")
    func evidence() throws {
        let fixture = try Fixture(powers: [1, 1])
        let one = try fixture.sign(fixture.vote(block: Fixture.block(2), by: 1))
        let none = try fixture.sign(fixture.vote(block: nil, by: 1))
        let evidence = try #require(DuplicateVoteEvidence(one, none))
        #expect(evidence == DuplicateVoteEvidence(none, one))
        #expect(evidence.first == none)
        try evidence.verify(set: fixture.set, chain: fixture.chain)
        #expect(try DuplicateVoteEvidence(borsh: evidence.borshBytes) == evidence)
        #expect(throws: BorshError.self) {
            try DuplicateVoteEvidence(borsh: one.borshBytes + none.borshBytes)
        }
    }

    @Test("votes that an honest validator may send are no evidence")
    func noEvidence() throws {
        let fixture = try Fixture(powers: [1, 1])
        let base = try fixture.sign(fixture.vote(by: 0))
        let honest = [
            fixture.vote(by: 0), fixture.vote(.prevote, block: nil, by: 0),
            fixture.vote(height: 6, block: nil, by: 0), fixture.vote(round: 1, block: nil, by: 0),
            fixture.vote(block: nil, by: 1),
        ]
        for vote in honest {
            #expect(DuplicateVoteEvidence(base, try fixture.sign(vote)) == nil)
        }
    }

    @Test("evidence with a forged signature or an unknown validator is refused")
    func forgedEvidence() throws {
        let fixture = try Fixture(powers: [1, 1])
        let one = try fixture.sign(fixture.vote(by: 1))
        let forged = SignedVote(vote: fixture.vote(block: nil, by: 1), signature: one.signature)
        let evidence = try #require(DuplicateVoteEvidence(one, forged))
        #expect(throws: EvidenceError.invalidSignature) {
            try evidence.verify(set: fixture.set, chain: fixture.chain)
        }
        let small = try Fixture(powers: [1])
        #expect(throws: EvidenceError.unknownValidator(ValidatorIndex(1))) {
            try evidence.verify(set: small.set, chain: small.chain)
        }
    }
}
