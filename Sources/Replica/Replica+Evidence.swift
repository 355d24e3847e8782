// Finding those who vote twice. Two votes convict where they meet, so whoever holds one that others
// may not have heard lets them meet: late votes, certificates, and what peers say they hold.

import Consensus
import Ledger
import Primitives
import Voting

extension Replica {
    /// Keeps a proof for a block, and tells the peers once: also those who cannot be asked.
    mutating func convict(_ fault: DuplicateVoteEvidence) {
        guard evidence.add(fault) else { return }
        emit(.note(.equivocation(fault.height, fault.validator)))
        emit(.broadcast(.votes([fault.first, fault.second]), except: nil))
    }

    /// A vote of the last height. It is compared with what its validator said to us.
    mutating func receiveLate(_ signed: SignedVote, from peer: PeerID) {
        let vote = signed.vote
        guard let keeper = previous, keeper.set[vote.validator] != nil,
            !(keeper.votes(vote.kind, in: vote.round)?.holds(vote) ?? false)
        else { return }
        guard signed.isSigned(in: keeper.set, chain: configuration.chain) else {
            return emit(.report(peer, .forgedVote(vote)))
        }
        if case .conflicting(let fault) = remember(signed) {
            convict(fault)
            if committing == nil { beginIfWorkWaits() }
        }
        late.add(signed)
    }

    /// Compares a certificate of the last block with the votes that came here. It was verified.
    mutating func compare(_ certificate: CommitCertificate) {
        guard certificate.height == tip.height else { return }
        for signed in certificate.votes {
            if case .conflicting(let fault) = remember(signed) { convict(fault) }
        }
    }

    private mutating func remember(_ signed: SignedVote) -> VoteKeeper.Verdict {
        previous?.add(signed, current: tip.certificate?.round ?? .zero)
            ?? .ignored(.otherHeight(signed.vote.height))
    }

    /// The votes that are known of a tip that was not decided here: its certificate's.
    static func votes(of tip: ChainTip) -> VoteKeeper? {
        guard let set = tip.lastValidators, let certificate = tip.certificate else { return nil }
        var keeper = VoteKeeper(height: certificate.height, set: set)
        for signed in certificate.votes { _ = keeper.add(signed, current: certificate.round) }
        return keeper
    }
}
