// Telling peers where we stand, and sending them what they say they lack. Messages may be lost
// anywhere; this is what makes every vote and proposal arrive in the end.

import Consensus
import Ledger
import Primitives
import Voting

extension Replica {
    var status: ReplicaStatus {
        func marks(_ keeper: VoteKeeper?, _ kind: Vote.Kind, _ round: Round) -> [UInt8] {
            ReplicaStatus.marks(keeper?.votes(kind, in: round)?.votes ?? [], salt: now)
        }
        let round = consensus.round
        let decided = tip.certificate?.round ?? .zero
        return ReplicaStatus(
            committed: tip.height,
            round: round,
            hasProposal: consensus.proposal(in: round) != nil,
            salt: now,
            prevotes: marks(consensus.votes, .prevote, round),
            precommits: marks(consensus.votes, .precommit, round),
            lastPrevotes: marks(previous, .prevote, decided),
            lastPrecommits: marks(previous, .precommit, decided)
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
        let interval = configuration.gossipMilliseconds / 2
        confront(status, of: peer)
        let round = consensus.round
        guard status.round <= round, work.hasBegun else { return }
        guard repairs.allowVotes(peer, now: now, interval: interval) else { return }
        if status.round == round, !status.hasProposal, let signed = work.proposal(in: round),
            let block = work.judged(signed.proposal.block)?.block,
            repairs.allowProposal(peer, round, now: now, interval: interval)
        {
            emit(.send(.proposal(signed, block), to: peer))
        }
        var missing: [SignedVote] = []
        for kind in [Vote.Kind.prevote, .precommit] {
            let held = consensus.votes.votes(kind, in: status.round)?.votes ?? []
            let marks = kind == .prevote ? status.prevotes : status.precommits
            missing += ReplicaStatus.unheard(held, in: marks, salt: status.salt)
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

    /// Sends a peer the votes of the last height whose validators have told it something else. A
    /// vote that it merely lacks no longer matters.
    private mutating func confront(_ status: ReplicaStatus, of peer: PeerID) {
        guard let previous, let decided = tip.certificate?.round else { return }
        var conflicting: [SignedVote] = []
        for kind in [Vote.Kind.prevote, .precommit] {
            let held = previous.votes(kind, in: decided)?.votes ?? []
            let marks = kind == .prevote ? status.lastPrevotes : status.lastPrecommits
            conflicting += ReplicaStatus.unheard(held, in: marks, salt: status.salt).filter {
                let place = Int($0.vote.validator.value)
                return place < marks.count && marks[place] != 0
            }
        }
        let interval = configuration.gossipMilliseconds / 2
        guard !conflicting.isEmpty, repairs.allowLast(peer, now: now, interval: interval) else {
            return
        }
        emit(.send(.votes(conflicting), to: peer))
    }
}
