import Cryptography
import Ledger
import LightClient
import Primitives
import Testing
import Voting

/// A chain of headers whose validators change as a test says, with the keys to sign anything.
struct HeaderChain {
    static let chain = ChainID("light-test")
    static let start: UInt64 = 1_700_000_000_000
    /// Milliseconds between headers.
    static let interval: UInt64 = 1_000

    private(set) var blocks: [LightBlock] = []
    /// Which seeds decide each height.
    let members: @Sendable (UInt64) -> [UInt8]

    var rules: LightClientRules {
        get throws { LightClientRules(chain: try #require(Self.chain)) }
    }

    var now: UInt64 { Self.start + UInt64(blocks.count) * Self.interval + 500 }

    /// - Parameters:
    ///   - salt: makes another chain of the same validators.
    ///   - branch: blocks that the chain shares with another one.
    init(
        length: UInt64,
        salt: UInt8 = 0,
        branch: [LightBlock] = [],
        members: @escaping @Sendable (UInt64) -> [UInt8]
    ) throws {
        self.members = members
        blocks = branch
        for height in UInt64(branch.count) + 1...length {
            blocks.append(try Self.block(height, members, parent: blocks.last, salt: salt))
        }
    }

    func block(_ height: UInt64) -> LightBlock { blocks[Int(height) - 1] }

    func trusted(_ height: UInt64) -> TrustedHeader { TrustedHeader(block(height)) }

    /// Runs a verification with this chain's blocks, through `lie`; returns the heights asked for.
    func drive(
        _ verification: inout SkippingVerification,
        now: UInt64? = nil,
        lie: (LightBlock) throws -> LightBlock = { $0 }
    ) throws -> [UInt64] {
        var asked: [UInt64] = []
        while let next = verification.next {
            asked.append(next.value)
            try verification.take(try lie(block(next.value)), now: now ?? self.now)
        }
        return asked
    }

    static func set(_ seeds: [UInt8]) throws -> ValidatorSet {
        try ValidatorSet(
            try seeds.map { seed in
                Validator(
                    address: try #require(Address([UInt8](repeating: seed, count: 20))),
                    key: try key(seed).publicKey,
                    power: 10
                )
            }
        )
    }

    static func key(_ seed: UInt8) throws -> SigningKey {
        try SigningKey(seed: [UInt8](repeating: seed, count: 32))
    }

    static func block(
        _ height: UInt64,
        _ members: (UInt64) -> [UInt8],
        parent: LightBlock?,
        salt: UInt8 = 0,
        time: UInt64? = nil
    ) throws -> LightBlock {
        let set = try set(members(height))
        let root = Digest([UInt8](repeating: salt, count: 32)) ?? .zero
        let header = BlockHeader(
            chain: try #require(chain),
            height: Height(height),
            time: time ?? start + height * interval,
            parent: parent?.header.hash ?? .zero,
            transactionsRoot: .zero,
            stateRoot: root,
            receiptsRoot: .zero,
            validatorsHash: set.hash,
            nextValidatorsHash: try Self.set(members(height + 1)).hash,
            lastCommitHash: .zero,
            evidenceRoot: .zero,
            proposer: set.validators[0].key,
            vrfProof: .zero,
            beacon: .zero
        )
        return try signed(header, set, by: members(height))
    }

    /// A certificate by these seeds for a header, in round `round`.
    static func signed(
        _ header: BlockHeader,
        _ set: ValidatorSet,
        by seeds: [UInt8],
        round: UInt32 = 0
    ) throws -> LightBlock {
        let entries = try seeds.compactMap { seed -> CommitCertificate.Entry? in
            let key = try key(seed)
            guard let index = set.index(of: key.publicKey) else { return nil }
            let vote = Vote(
                kind: .precommit,
                height: header.height,
                round: Round(round),
                block: header.hash,
                validator: index
            )
            return CommitCertificate.Entry(
                validator: index,
                signature: key.sign(vote.signBytes(chain: header.chain))
            )
        }
        return LightBlock(
            header: header,
            certificate: CommitCertificate(
                height: header.height,
                round: Round(round),
                block: header.hash,
                signatures: entries
            ),
            validators: set
        )
    }
}
