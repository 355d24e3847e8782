// The only place where the validator's hot key signs for consensus. The guard's record is on the
// disk before the key is used, so no crash can make it sign two things at one position.

import Cryptography
package import Primitives
package import Replica
package import Storage
import Voting

/// A validator's hot key behind its guard.
package struct ValidatorSigner: ~Copyable, Sendable {
    private let key: HotKey
    private let chain: ChainID
    private var guardian: SignGuard

    package init(key: HotKey, chain: ChainID, guardian: consuming SignGuard) {
        self.key = key
        self.chain = chain
        self.guardian = guardian
    }

    package var publicKey: PublicKey { key.publicKey }

    /// The last position that was signed.
    package var last: SignPosition? { guardian.last }

    /// The signature that the request asks for. A refusal means that signing could be a fault.
    package mutating func sign(_ request: SignRequest) throws(SignGuardError) -> SignedItem {
        switch request {
        case .vote(let vote):
            let bytes = vote.signBytes(chain: chain)
            try guardian.authorise(SignPosition(vote), signing: bytes)
            return .vote(SignedVote(vote: vote, signature: key.key.sign(bytes)))
        case .proposal(let proposal):
            let bytes = proposal.signBytes(chain: chain)
            try guardian.authorise(SignPosition(proposal), signing: bytes)
            return .proposal(SignedProposal(proposal: proposal, signature: key.key.sign(bytes)))
        case .beacon(let alpha):
            // One key has one proof for each input, so there is nothing to contradict.
            return .beacon(alpha: alpha, VRF.prove(alpha, with: key.key))
        }
    }

    /// Notes what the log has durably, just before it is sent.
    package mutating func confirm(_ entry: WALEntry) throws(SignGuardError) {
        guard let last, SignPosition(entry) == last else { return }
        try guardian.confirm(last)
    }

    /// The height through which nothing is signed, because the log has lost votes; nil when it is
    /// whole.
    package var silentThrough: UInt64? {
        guardian.silentThrough > 0 ? guardian.silentThrough : nil
    }

    /// Compares record and log, which a restored backup or a bad disk can set apart.
    ///
    /// A record older than the log is refused: it has forgotten votes. A log older than the record
    /// has forgotten what those votes lock, so this validator is silent until others have decided
    /// the height. Only the vote that was signed last may be missing: it was not sent.
    package mutating func checkRecord(
        against log: [WALEntry],
        on tip: ChainTip
    ) throws(SignGuardError) {
        let ours = tip.validators.index(of: publicKey).map { index in
            log.filter { $0.author == index }.compactMap { SignPosition($0) }
        }
        for position in ours ?? [] {
            guard let last, position <= last else {
                throw .behindLog(signed: position, last: last)
            }
        }
        if let last, last.height > tip.height.next.value {
            guardian.keepSilent(through: last.height)
        }
        if let logged = guardian.logged, logged.height > tip.height.value,
            ours?.contains(logged) != true
        {
            guardian.keepSilent(through: logged.height)
        }
    }
}

extension WALEntry {
    /// Whose vote or proposal it is.
    fileprivate var author: ValidatorIndex? {
        switch self {
        case .vote(let signed): signed.vote.validator
        case .proposal(let signed, _, _): signed.proposal.proposer
        case .started, .timeout: nil
        }
    }
}

extension SignPosition {
    init(_ vote: Vote) {
        self.init(
            height: vote.height.value,
            round: vote.round.value,
            step: vote.kind == .prevote ? .prevote : .precommit
        )
    }

    /// Where a log entry was signed; nil for entries without a signature.
    init?(_ entry: WALEntry) {
        switch entry {
        case .vote(let signed): self.init(signed.vote)
        case .proposal(let signed, _, _): self.init(signed.proposal)
        case .started, .timeout: return nil
        }
    }

    init(_ proposal: Proposal) {
        self.init(
            height: proposal.height.value,
            round: proposal.round.value,
            step: .proposal
        )
    }
}
