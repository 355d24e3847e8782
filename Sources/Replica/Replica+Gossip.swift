// Telling peers where we stand, and sending them what they say they lack. Messages may be lost
// anywhere; this is what makes every vote and proposal arrive in the end.

import Consensus
import Ledger
import Primitives
import Voting

extension Replica {
    var status: ReplicaStatus {
        let round = consensus.round
        let prevotes = consensus.votes.votes(.prevote, in: round)?.votes ?? []
        let precommits = consensus.votes.votes(.precommit, in: round)?.votes ?? []
        return ReplicaStatus(
            committed: tip.height,
            round: round,
            hasProposal: consensus.proposal(in: round) != nil,
            prevotes: ReplicaStatus.bitmap(prevotes),
            precommits: ReplicaStatus.bitmap(precommits)
        )
    }

    mutating func connect(_ peer: PeerID) {
        sync.connect(peer)
        repairs.connect(peer)
        emit(.send(.status(status), to: peer))
        let ids = mempool.allIDs
        for start in stride(from: 0, to: ids.count, by: ReplicaMessage.idLimit) {
            let end = min(ids.count, start + ReplicaMessage.idLimit)
            emit(.send(.announce(Array(ids[start..<end])), to: peer))
        }
    }

    mutating func disconnect(_ peer: PeerID) {
        sync.disconnect(peer)
        repairs.disconnect(peer)
        considerSync(patience: .none)
    }

    mutating func gossip() {
        emit(.broadcast(.status(status), except: nil))
        emit(.schedule(.gossip, afterMilliseconds: configuration.gossipMilliseconds))
        considerSync(patience: .oneGossip)
        claimBefore = sync.highestClaim
    }

    mutating func receive(_ status: ReplicaStatus, from peer: PeerID) {
        guard isStarted else { return }
        sync.note(claim: status.committed, of: peer)
        if status.committed == tip.height, committing == nil { repair(status, of: peer) }
        considerSync(patience: .oneGossip)
    }

    /// Sends a peer of our height what it lacks: in its round the votes that it has not; if it is
    /// behind, also those of our round, which pull it here; if it is with us, the proposal and
    /// the earlier votes that justify it.
    private mutating func repair(_ status: ReplicaStatus, of peer: PeerID) {
        let round = consensus.round
        guard status.round <= round, work.hasBegun else { return }
        let interval = configuration.gossipMilliseconds / 2
        guard repairs.allowVotes(peer, now: now, interval: interval) else { return }
        if status.round == round, !status.hasProposal, let signed = work.proposal(in: round),
            let block = work.judged(signed.proposal.block)?.block,
            repairs.allowProposal(peer, round, now: now, interval: interval)
        {
            emit(.send(.proposal(signed, block), to: peer))
        }
        var missing: [SignedVote] = []
        for kind in [Vote.Kind.prevote, .precommit] {
            let held = consensus.votes.votes(kind, in: status.round)?.all ?? []
            missing += held.filter { !status.has(kind, of: $0.vote.validator) }
            if status.round < round {
                missing += consensus.votes.votes(kind, in: round)?.all ?? []
            }
        }
        if status.round == round, let proposal = consensus.proposal(in: round),
            let validRound = proposal.validRound
        {
            missing +=
                consensus.votes.votes(.prevote, in: validRound)?.votes(for: proposal.block) ?? []
        }
        for start in stride(from: 0, to: missing.count, by: ReplicaMessage.voteLimit) {
            let end = min(missing.count, start + ReplicaMessage.voteLimit)
            emit(.send(.votes(Array(missing[start..<end])), to: peer))
        }
    }
}
