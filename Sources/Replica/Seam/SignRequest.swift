package import Primitives
package import Voting

/// What the replica wants signed with the validator's hot key. Before it signs a vote or proposal
/// the shell writes (height, round, step) and the message to its guard record, syncs, and refuses
/// whatever contradicts the record. A refused request gets no answer.
package enum SignRequest: Sendable, Hashable {
    case vote(Vote)
    case proposal(Proposal)
    /// An ECVRF proof over these bytes.
    case beacon(alpha: [UInt8])
}

/// The shell's answer to a request.
package enum SignedItem: Sendable, Hashable {
    case vote(SignedVote)
    case proposal(SignedProposal)
    case beacon(alpha: [UInt8], VRFProof)
}
