package import Primitives
package import Voting

/// What reaches the consensus of one height. Signatures are checked before.
package enum ConsensusInput: Sendable, Equatable {
    /// Begins round 0. Votes and proposals that came before are kept.
    case start
    /// The block that `ConsensusEffect.build` asked for.
    case built(Round, Digest)
    /// The due proposer's proposal, and whether its block may be voted for.
    case proposal(Proposal, isValid: Bool)
    case vote(SignedVote)
    case timeout(Timeout)
}

/// What the consensus of one height asks for, in order.
package enum ConsensusEffect: Sendable, Equatable {
    case entered(Round)
    /// Build a block for this round and answer with `ConsensusInput.built`.
    case build(Round)
    /// Sign, record and send this proposal; it comes back as an input.
    case propose(Proposal)
    /// Sign, record and send this vote; it comes back as an input.
    case vote(Vote)
    case schedule(Timeout)
    case equivocation(DuplicateVoteEvidence)
    /// The height is over. The certificate holds the precommits known at this moment.
    case decide(CommitCertificate)
}
