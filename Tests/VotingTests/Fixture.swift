import Cryptography
import Primitives
import Testing
import Voting

/// A chain and validators with keys from seeds 1, 2, 3…, as a test needs them.
struct Fixture {
    let chain: ChainID
    let set: ValidatorSet
    private let seeds: [PublicKey: [UInt8]]

    init(powers: [UInt64]) throws {
        chain = try #require(ChainID("voting-test"))
        var seeds: [PublicKey: [UInt8]] = [:]
        var validators: [Validator] = []
        for (offset, power) in powers.enumerated() {
            let seed = [UInt8](repeating: UInt8(offset + 1), count: 32)
            let key = try SigningKey(seed: seed).publicKey
            seeds[key] = seed
            let address = try #require(Address([UInt8](repeating: UInt8(offset), count: 20)))
            validators.append(Validator(address: address, key: key, power: power))
        }
        set = try ValidatorSet(validators)
        self.seeds = seeds
    }

    func sign(_ vote: Vote) throws -> SignedVote {
        let validator = try #require(set[vote.validator])
        let key = try SigningKey(seed: try #require(seeds[validator.key]))
        return SignedVote(vote: vote, signature: key.sign(vote.signBytes(chain: chain)))
    }

    func sign(_ proposal: Proposal) throws -> SignedProposal {
        let validator = try #require(set[proposal.proposer])
        let key = try SigningKey(seed: try #require(seeds[validator.key]))
        return SignedProposal(
            proposal: proposal,
            signature: key.sign(proposal.signBytes(chain: chain))
        )
    }

    func vote(
        _ kind: Vote.Kind = .precommit,
        height: UInt64 = 5,
        round: UInt32 = 0,
        block: Digest? = Fixture.block(1),
        by validator: UInt16
    ) -> Vote {
        Vote(
            kind: kind,
            height: Height(height),
            round: Round(round),
            block: block,
            validator: ValidatorIndex(validator)
        )
    }

    func certificate(by signers: [UInt16], block: Digest = Fixture.block(1)) throws
        -> CommitCertificate
    {
        var entries: [CommitCertificate.Entry] = []
        for signer in signers {
            let signed = try sign(vote(block: block, by: signer))
            entries.append(
                CommitCertificate.Entry(
                    validator: signed.vote.validator,
                    signature: signed.signature
                )
            )
        }
        return CommitCertificate(
            height: Height(5),
            round: .zero,
            block: block,
            signatures: entries
        )
    }

    static func block(_ number: UInt8) -> Digest {
        Digest([UInt8](repeating: number, count: 32)) ?? .zero
    }
}
