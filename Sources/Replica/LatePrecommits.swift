import Consensus
import Primitives
import Voting

/// The precommits known for the last block. Those that decided it are in its certificate; others
/// arrive a moment later, and count for their validators when we propose the next block.
struct LatePrecommits {
    private var certificate: CommitCertificate?

    init(tip: ChainTip) {
        certificate = tip.certificate
    }

    /// Adds what consensus of the decided height has heard.
    mutating func merge(_ consensus: Consensus) {
        guard let certificate else { return }
        let heard = consensus.certificate(round: certificate.round, block: certificate.block)
        for entry in heard.signatures { insert(entry) }
    }

    /// Adds a vote whose signature holds, if it is a precommit for the last block.
    mutating func add(_ signed: SignedVote) {
        let vote = signed.vote
        guard let certificate, vote.kind == .precommit,
            vote.height == certificate.height, vote.round == certificate.round,
            vote.block == certificate.block
        else { return }
        insert(CommitCertificate.Entry(validator: vote.validator, signature: signed.signature))
    }

    /// The certificate for the last block with everything known; nil before the first block.
    var best: CommitCertificate? { certificate }

    func contains(_ entry: CommitCertificate.Entry) -> Bool {
        certificate?.signatures.contains(entry) ?? false
    }

    private mutating func insert(_ entry: CommitCertificate.Entry) {
        guard let old = certificate, !old.contains(entry.validator) else { return }
        certificate = CommitCertificate(
            height: old.height,
            round: old.round,
            block: old.block,
            signatures: old.signatures + [entry]
        )
    }
}
