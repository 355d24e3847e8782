import Ledger
import LightClient
import Primitives
import Testing
import Voting

@Suite("Light client: lying primaries") struct LyingPrimaryTests {
    let members: @Sendable (UInt64) -> [UInt8] = { _ in [1, 2, 3, 4] }

    /// What a walk from height 1 to 50 says when the primary changes its blocks.
    private func error(
        members: (@Sendable (UInt64) -> [UInt8])? = nil,
        now: UInt64? = nil,
        lie: (LightBlock) throws -> LightBlock
    ) throws -> LightClientError? {
        let chain = try HeaderChain(length: 50, members: members ?? self.members)
        var walk = SkippingVerification(
            from: chain.trusted(1),
            to: Height(50),
            rules: try chain.rules
        )
        do {
            _ = try chain.drive(&walk, now: now, lie: lie)
            return nil
        } catch let error as LightClientError {
            #expect(walk.trusted == chain.trusted(1) || walk.trusted.height > Height(1))
            return error
        }
    }

    @Test("a header that was changed after it was signed")
    func forgedHeader() throws {
        let found = try error { block in
            var header = block.header
            header.stateRoot = .zero
            header.time += 1
            return LightBlock(
                header: header,
                certificate: block.certificate,
                validators: block.validators
            )
        }
        #expect(found == .otherBlock(Height(50)))
    }

    @Test("a header signed by validators of the liar's own")
    func inventedSet() throws {
        let found = try error { block in
            try HeaderChain.block(block.height.value, { _ in [91, 92, 93] }, parent: nil)
        }
        // Half-way headers are asked for down to the one after the trusted header.
        #expect(found == .brokenChain(Height(2)))
    }

    @Test("one invented header at the end of honest ones")
    func inventedEnd() throws {
        let honest = try HeaderChain(length: 50, members: members)
        let found = try error { block in
            guard block.height.value == 50 else { return block }
            return try HeaderChain.block(50, { _ in [91, 92, 93] }, parent: honest.block(49))
        }
        #expect(found == .unannouncedValidators(Height(50)))
    }

    @Test("another set than the header's, such as one of the past")
    func staleSet() throws {
        let found = try error(members: { $0 < 25 ? [1, 2, 3, 4] : [2, 3, 4, 5] }) { block in
            LightBlock(
                header: block.header,
                certificate: block.certificate,
                validators: try HeaderChain.set([1, 2, 3, 4])
            )
        }
        #expect(found == .otherValidators(Height(50)))
    }

    @Test("too few signatures, a forged one, or none")
    func missingSignatures() throws {
        let few = try error { try HeaderChain.signed($0.header, $0.validators, by: [1, 2]) }
        #expect(
            few == .certificate(Height(50), .insufficientPower(signed: 20, total: 40))
        )
        let none = try error { try HeaderChain.signed($0.header, $0.validators, by: []) }
        #expect(none == .certificate(Height(50), .insufficientPower(signed: 0, total: 40)))
        let forged = try error { block in
            let other = try HeaderChain.signed(
                block.header,
                block.validators,
                by: [1, 2, 3, 4],
                round: 1
            )
            return LightBlock(
                header: block.header,
                certificate: CommitCertificate(
                    height: block.height,
                    round: .zero,
                    block: block.header.hash,
                    signatures: other.certificate.signatures
                ),
                validators: block.validators
            )
        }
        #expect(forged == .certificate(Height(50), .invalidSignature(ValidatorIndex(0))))
    }

    @Test("a header of another chain or of another height")
    func misplaced() throws {
        let chain = try HeaderChain(length: 50, members: members)
        let height = try error { _ in chain.block(49) }
        #expect(height == .wrongHeight(expected: Height(50), found: Height(49)))
        let other = try #require(ChainID("elsewhere"))
        let elsewhere = try error { block in
            var header = block.header
            header.chain = other
            return try HeaderChain.signed(header, block.validators, by: [1, 2, 3, 4])
        }
        #expect(elsewhere == .otherChain(other))
    }

    @Test("a time that does not grow, or that has not come yet")
    func times() throws {
        let early = try error { block in
            var header = block.header
            header.time = HeaderChain.start
            return try HeaderChain.signed(header, block.validators, by: [1, 2, 3, 4])
        }
        #expect(early == .timeNotAfterTrusted(Height(50)))
        let time = HeaderChain.start + 50 * HeaderChain.interval
        let now = time - LightClientRules.defaultClockDrift
        #expect(
            try error(now: now) { $0 } == .fromTheFuture(Height(50), time: time, now: now)
        )
        #expect(try error(now: now + 1) { $0 } == nil)
    }

    @Test("nothing is concluded from a header whose trust period is over")
    func expired() throws {
        let end = HeaderChain.start + HeaderChain.interval + LightClientRules.defaultTrustPeriod
        #expect(try error(now: end) { $0 } == .trustExpired(Height(1), until: end, now: end))
        #expect(try error(now: end - 1) { $0 } == nil)
    }
}
