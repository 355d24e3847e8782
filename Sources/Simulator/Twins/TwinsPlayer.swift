import Consensus
import Primitives
import Voting

/// One copy of the consensus of one validator. The faulty ones are honest copies as well: what
/// makes them faulty is that there are two of them, or what happens to their messages.
struct TwinsPlayer {
    let validator: ValidatorIndex
    /// Nil for an honest validator.
    let misconduct: Misconduct?
    var consensus: Consensus
    /// Every vote that it sent or received.
    var log: [SignedVote] = []
    var decision: Digest?
    /// The last round in which an amnesiac forgot.
    var forgotIn: Round?

    init(_ validator: ValidatorIndex, _ misconduct: Misconduct?, _ set: ValidatorSet) {
        self.validator = validator
        self.misconduct = misconduct
        consensus = Consensus(height: Height(1), set: set, validator: validator)
    }

    var isHonest: Bool { misconduct == nil }

    func holds(_ vote: Vote) -> Bool {
        consensus.votes.votes(vote.kind, in: vote.round)?.holds(vote) ?? false
    }
}

/// What players say to each other.
enum TwinsMessage {
    case proposal(Proposal)
    case vote(SignedVote)

    var round: Round {
        switch self {
        case .proposal(let proposal): proposal.round
        case .vote(let signed): signed.vote.round
        }
    }
}

/// Blocks without contents: names, and whether they may be voted for.
struct TwinsBlocks {
    private(set) var all: [Digest] = []
    private var invalid: Set<Digest> = []

    mutating func make(isValid: Bool) -> Digest {
        var name = Digest.zero
        name[0] = UInt8(truncatingIfNeeded: all.count + 1)
        name[1] = UInt8(truncatingIfNeeded: (all.count + 1) >> 8)
        all.append(name)
        if !isValid { invalid.insert(name) }
        return name
    }

    func isValid(_ block: Digest) -> Bool { !invalid.contains(block) }
}
