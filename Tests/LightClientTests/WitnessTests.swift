import Ledger
import LightClient
import Primitives
import Testing
import Voting

@Suite("Light client: witnesses") struct WitnessTests {
    let members: @Sendable (UInt64) -> [UInt8] = { height in
        (0..<4).map { UInt8(height / 10 + $0) }
    }

    private func trace(_ chain: HeaderChain) throws -> [LightBlock] {
        var walk = SkippingVerification(
            from: chain.trusted(1),
            to: Height(40),
            rules: try chain.rules
        )
        _ = try chain.drive(&walk)
        return walk.trace
    }

    private func compare(
        _ primary: HeaderChain,
        _ witness: HeaderChain
    ) throws -> ConflictingHeaders? {
        var comparison = WitnessComparison(
            root: primary.trusted(1),
            trace: try trace(primary),
            rules: try primary.rules
        )
        while let next = comparison.next {
            try comparison.take(witness.block(next.value), now: primary.now)
        }
        return comparison.conflict
    }

    @Test("a witness with the same header agrees after one question")
    func agreement() throws {
        let chain = try HeaderChain(length: 40, members: members)
        #expect(try compare(chain, chain) == nil)
    }

    @Test("two signed chains that part are found where they part, with who signed both")
    func fork() throws {
        let honest = try HeaderChain(length: 40, members: members)
        let forked = try HeaderChain(
            length: 40,
            salt: 7,
            branch: Array(honest.blocks.prefix(22)),
            members: members
        )
        let conflict = try #require(try compare(honest, forked))
        #expect(conflict.commonHeight <= Height(22) && conflict.first.height > Height(22))
        #expect(conflict.first == honest.block(conflict.first.height.value))
        #expect(conflict.second == forked.block(conflict.first.height.value))
        try conflict.checkItself(chain: try honest.rules.chain)
        let set = conflict.first.validators
        #expect(conflict.signersOfBoth == set.validators.map(\.key))
        #expect(conflict.duplicateVotes.count == 4)
        for evidence in conflict.duplicateVotes {
            #expect(try evidence.verify(set: set, chain: try honest.rules.chain) == ())
        }
        #expect(try ConflictingHeaders(borsh: conflict.borshBytes) == conflict)
    }

    @Test("votes of different rounds are no double votes, but their signers are named")
    func rounds() throws {
        let honest = try HeaderChain(length: 2) { _ in [1, 2, 3, 4] }
        var header = honest.block(2).header
        header.stateRoot = .zero
        header.time += 1
        let other = try HeaderChain.signed(
            header,
            honest.block(2).validators,
            by: [1, 2, 3],
            round: 4
        )
        let conflict = ConflictingHeaders(
            common: honest.trusted(1),
            first: honest.block(2),
            second: other
        )
        #expect(conflict.duplicateVotes.isEmpty)
        #expect(conflict.signersOfBoth.count == 3)
    }

    @Test("a witness that cannot found its header is at fault, not the primary")
    func lyingWitness() throws {
        let honest = try HeaderChain(length: 40, members: members)
        let invented = try HeaderChain(length: 40) { _ in [91, 92, 93] }
        #expect(throws: LightClientError.self) { try compare(honest, invented) }
    }

    @Test("a witness that changes its mind proves nothing")
    func fickleWitness() throws {
        let honest = try HeaderChain(length: 40, members: members)
        let forked = try HeaderChain(
            length: 40,
            salt: 7,
            branch: Array(honest.blocks.prefix(22)),
            members: members
        )
        var comparison = WitnessComparison(
            root: honest.trusted(1),
            trace: try trace(honest),
            rules: try honest.rules
        )
        try comparison.take(forked.block(40), now: honest.now)
        #expect(throws: LightClientError.otherBlock(Height(40))) {
            while let next = comparison.next {
                try comparison.take(honest.block(next.value), now: honest.now)
            }
        }
        #expect(comparison.conflict == nil)
    }
}
