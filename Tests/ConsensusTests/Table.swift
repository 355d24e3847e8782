import Consensus
import Primitives
import Testing
import Voting

/// A consensus machine driven by a table of steps. Signatures are left zero: this part never
/// looks at them.
struct Table {
    struct Step {
        let desc: String
        let input: ConsensusInput
        let effects: [ConsensusEffect]

        init(_ desc: String, _ input: ConsensusInput, _ effects: [ConsensusEffect]) {
            self.desc = desc
            self.input = input
            self.effects = effects
        }
    }

    static let height = Height(7)
    static let a = digest(0xaa)
    static let b = digest(0xbb)

    var consensus: Consensus

    /// Validators of the given powers; `me` is this node's index.
    init(powers: [UInt64] = [1, 1, 1, 1], me: UInt16?) throws {
        consensus = Consensus(
            height: Self.height,
            set: try Self.set(powers),
            validator: me.map(ValidatorIndex.init)
        )
    }

    mutating func run(_ steps: [Step]) {
        for (number, step) in steps.enumerated() {
            #expect(consensus.step(step.input) == step.effects, "step \(number): \(step.desc)")
        }
    }

    static func digest(_ byte: UInt8) -> Digest {
        Digest([UInt8](repeating: byte, count: 32)) ?? .zero
    }

    static func set(_ powers: [UInt64]) throws -> ValidatorSet {
        try ValidatorSet(
            try powers.enumerated().map { offset, power in
                let number = UInt8(offset)
                return Validator(
                    address: try #require(Address([UInt8](repeating: number, count: 20))),
                    key: try #require(PublicKey([UInt8](repeating: number, count: 32))),
                    power: power
                )
            }
        )
    }

    /// The index of the proposer of a round.
    static func proposer(_ round: UInt32, powers: [UInt64] = [1, 1, 1, 1]) throws -> UInt16 {
        try set(powers).proposer(height: height, round: Round(round)).value
    }

    /// A validator that proposes in none of the first rounds' number given.
    static func follower(of rounds: UInt32) throws -> UInt16 {
        let proposers = try (0..<rounds).map { try proposer($0) }
        return try #require((UInt16(0)..<4).first { !proposers.contains($0) })
    }

    static func vote(
        _ kind: Vote.Kind,
        _ block: Digest?,
        by validator: UInt16,
        round: UInt32 = 0,
        height: Height = Table.height
    ) -> Vote {
        Vote(
            kind: kind,
            height: height,
            round: Round(round),
            block: block,
            validator: ValidatorIndex(validator)
        )
    }

    static func signed(
        _ kind: Vote.Kind,
        _ block: Digest?,
        by validator: UInt16,
        round: UInt32 = 0
    ) -> SignedVote {
        SignedVote(vote: vote(kind, block, by: validator, round: round), signature: .zero)
    }

    static func proposal(
        _ block: Digest,
        round: UInt32 = 0,
        validRound: UInt32? = nil
    ) throws -> Proposal {
        Proposal(
            height: height,
            round: Round(round),
            block: block,
            validRound: validRound.map(Round.init),
            proposer: ValidatorIndex(try proposer(round))
        )
    }

    static func timer(_ kind: Timeout.Kind, round: UInt32 = 0) -> Timeout {
        Timeout(kind: kind, height: height, round: Round(round))
    }

    static func certificate(_ block: Digest, by signers: [UInt16], round: UInt32 = 0)
        -> CommitCertificate
    {
        CommitCertificate(
            height: height,
            round: Round(round),
            block: block,
            signatures: signers.map { .init(validator: ValidatorIndex($0), signature: .zero) }
        )
    }
}
