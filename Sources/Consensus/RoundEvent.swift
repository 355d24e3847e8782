package import Primitives
package import Voting

/// What the round machine reacts to. The driver raises an event only when its condition holds;
/// `L` numbers are lines of algorithm 1, arXiv 1807.04938.
package enum RoundEvent: Sendable, Equatable {
    /// L11: the round begins.
    case start(Round, isProposer: Bool)
    /// L18: the block asked for by `RoundOutput.build` is ready.
    case built(Digest)
    /// L22: the proposal of this round, for a new block.
    case proposal(Digest, isValid: Bool)
    /// L28: the proposal of this round, for a block with two thirds of an earlier round's prevotes.
    case proposalWithEarlierPolka(Digest, validRound: Round, isValid: Bool)
    /// L34: two thirds prevoted, for whatever.
    case polkaAny
    /// L36: the valid proposal of this round has two thirds of its prevotes.
    case proposalWithPolka(Digest)
    /// L44: two thirds prevoted for none.
    case polkaNil
    /// L47: two thirds precommitted, for whatever.
    case precommitAny
    /// L49: a valid proposal of any round has two thirds of that round's precommits.
    case proposalWithPrecommits(Round, Digest)
    /// L55: more than a third speak of a later round.
    case laterRound(Round)
    /// L57, L61, L65: a timer of this round ran out.
    case timeout(Timeout.Kind)
}

/// What the round machine asks for.
package enum RoundOutput: Sendable, Equatable {
    /// L18: build a block and answer with `RoundEvent.built`.
    case build(Round)
    /// L19.
    case propose(Digest, validRound: Round?)
    case vote(Vote.Kind, Digest?)
    case schedule(Timeout.Kind)
    /// L50 to L51.
    case decide(Round, Digest)
    /// L56, L67: leave this round for another one.
    case enter(Round)
}
