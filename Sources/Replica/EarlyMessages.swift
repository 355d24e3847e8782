import Ledger
import Primitives
import Voting

/// Messages about the height after the one in progress, kept until we are there: peers that are
/// a moment ahead do not wait for us.
struct EarlyMessages {
    static let voteLimit = 4 * ValidatorSet.countLimit
    static let proposalLimit = 2

    private(set) var votes: [(vote: SignedVote, peer: PeerID)] = []
    private(set) var proposals: [(proposal: SignedProposal, block: Block, peer: PeerID)] = []

    /// The signature is not checked yet, so what is full stays full: gossip repairs the rest.
    mutating func keep(_ vote: SignedVote, from peer: PeerID) {
        guard votes.count < Self.voteLimit, !votes.contains(where: { $0.vote == vote }) else {
            return
        }
        votes.append((vote, peer))
    }

    mutating func keep(_ proposal: SignedProposal, _ block: Block, from peer: PeerID) {
        guard proposals.count < Self.proposalLimit,
            !proposals.contains(where: { $0.proposal == proposal })
        else { return }
        proposals.append((proposal, block, peer))
    }

    mutating func take() -> EarlyMessages {
        defer { self = EarlyMessages() }
        return self
    }
}
