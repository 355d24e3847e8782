import Ledger
import LightClient
import Primitives
import Testing
import Voting

@Suite("Light client: skipping") struct SkippingTests {
    /// Every height replaces one of four validators, so trust reaches two heights far.
    static let rolling: @Sendable (UInt64) -> [UInt8] = { height in
        (0..<4).map { UInt8(height + $0) }
    }

    @Test("a set that stays is believed in one step, however far")
    func oneStep() throws {
        let chain = try HeaderChain(length: 100) { _ in [1, 2, 3, 4] }
        var walk = SkippingVerification(
            from: chain.trusted(1),
            to: Height(100),
            rules: try chain.rules
        )
        #expect(try chain.drive(&walk) == [100])
        #expect(walk.trace == [chain.block(100)] && walk.trusted == chain.trusted(100))
    }

    @Test("where too few of the trusted signed, headers between are asked for")
    func bisection() throws {
        let chain = try HeaderChain(length: 40, members: Self.rolling)
        var walk = SkippingVerification(
            from: chain.trusted(1),
            to: Height(40),
            rules: try chain.rules
        )
        let asked = try chain.drive(&walk)
        #expect(asked.first == 40 && asked.contains(20))
        #expect(asked.count < 40 && Set(asked).count == asked.count)
        #expect(walk.trace.last == chain.block(40))
        #expect(walk.trace.map(\.height) == walk.trace.map(\.height).sorted())
        // Every step was allowed by one third or by adjacency.
        var base = chain.trusted(1)
        for block in walk.trace {
            #expect(try chain.rules.follows(block, base, now: chain.now))
            base = TrustedHeader(block)
        }
    }

    @Test("more than a third of the trusted power is enough, exactly a third is not")
    func third() throws {
        // Three validators of equal power: one of them is a third, two are more.
        let one = try HeaderChain(length: 5) { $0 == 1 ? [1, 2, 3] : [1, 12, 13] }
        let two = try HeaderChain(length: 5) { $0 == 1 ? [1, 2, 3] : [1, 2, 13] }
        #expect(try !one.rules.follows(one.block(5), one.trusted(1), now: one.now))
        #expect(try two.rules.follows(two.block(5), two.trusted(1), now: two.now))
    }

    @Test("the genesis is a trusted header, and block 1 has to follow it")
    func genesis() throws {
        let chain = try HeaderChain(length: 3) { _ in [1, 2, 3, 4] }
        let first = chain.block(1)
        let root = TrustedHeader(
            LightBlock(
                header: try HeaderChain.block(1, chain.members, parent: nil, salt: 9).header,
                certificate: first.certificate,
                validators: first.validators
            )
        )
        // A header that is not the parent of block 2.
        var walk = SkippingVerification(from: root, to: Height(2), rules: try chain.rules)
        #expect(throws: LightClientError.brokenChain(Height(2))) {
            try walk.take(chain.block(2), now: chain.now)
        }
    }

    @Test("a checkpoint is a height and a hash, and the block has to have both")
    func checkpoint() throws {
        let chain = try HeaderChain(length: 3) { _ in [1, 2, 3, 4] }
        let block = chain.block(2)
        let text = "2:\(block.header.hash)"
        let checkpoint = try #require(Checkpoint(text: text))
        #expect(checkpoint == Checkpoint(height: Height(2), hash: block.header.hash))
        let (rules, now) = (try chain.rules, chain.now)
        #expect(try checkpoint.trust(block, rules: rules, now: now) == chain.trusted(2))
        #expect(
            throws: LightClientError.wrongHeight(expected: Height(2), found: Height(3))
        ) { try checkpoint.trust(chain.block(3), rules: rules, now: now) }
        let other = Checkpoint(height: Height(2), hash: .zero)
        #expect(throws: LightClientError.self) { try other.trust(block, rules: rules, now: now) }
        for bad in [
            "", "2", "0:\(block.header.hash)", "2:12", "x:\(block.header.hash)",
            "2:\(block.header.hash):",
        ] {
            #expect(Checkpoint(text: bad) == nil, "\(bad)")
        }
    }

    @Test("headers that are kept shorten later ways, and the lowest are forgotten first")
    func store() throws {
        let chain = try HeaderChain(length: 40, members: Self.rolling)
        var store = HeaderStore(root: chain.trusted(1), rules: try chain.rules, limit: 8)
        var walk = try store.verification(to: Height(40))
        _ = try chain.drive(&walk)
        store.keep(walk.trace)
        store.keep(walk.trace)
        #expect(store.blocks.count == 8 && store.latest == chain.trusted(40))
        #expect(store.block(at: Height(40)) == chain.block(40))
        #expect(store.block(at: Height(2)) == nil)
        var short = try store.verification(to: Height(39))
        #expect(try chain.drive(&short).count <= 2)
        #expect(try store.base(below: Height(2)) == chain.trusted(1))
        #expect(
            throws: LightClientError.belowTrust(asked: Height(1), earliest: Height(1))
        ) { try store.verification(to: Height(1)) }
    }

    @Test("a light block has one encoding")
    func format() throws {
        let block = try HeaderChain(length: 1) { _ in [1, 2, 3, 4] }.block(1)
        #expect(try LightBlock(borsh: block.borshBytes) == block)
        #expect(throws: BorshError.self) { try LightBlock(borsh: block.borshBytes + [0]) }
    }
}
