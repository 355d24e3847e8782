// The only place where the validator's hot key signs for consensus. The guard's record is on the
// disk before the key is used, so no crash can make it sign two things at one position.

import Cryptography
package import Primitives
package import Replica
package import Storage
package import Voting

/// A validator's hot keys behind one guard: around a rotation there are two, of which one serves at
/// a height.
package struct ValidatorSigner: ~Copyable, Sendable {
    private let keys: [HotKey]
    private let chain: ChainID
    private var guardian: SignGuard

    /// - Precondition: there is a key.
    package init(keys: [HotKey], chain: ChainID, guardian: consuming SignGuard) {
        precondition(!keys.isEmpty)
        self.keys = keys
        self.chain = chain
        self.guardian = guardian
    }

    package var publicKeys: [PublicKey] { keys.map(\.publicKey) }

    /// The last position that was signed.
    package var last: SignPosition? { guardian.last }

    /// The signature that the request asks for; nil without the key. A refusal means that signing
    /// could be a fault.
    package mutating func sign(
        _ request: SignRequest,
        with wanted: PublicKey
    ) throws(SignGuardError) -> SignedItem? {
        guard let key = keys.first(where: { $0.publicKey == wanted }) else { return nil }
        switch request {
        case .vote(let vote):
            let bytes = vote.signBytes(chain: chain)
            try guardian.authorise(SignPosition(vote), signing: bytes)
            return .vote(SignedVote(vote: vote, signature: key.key.sign(bytes)))
        case .proposal(let proposal):
            let bytes = proposal.signBytes(chain: chain)
            try guardian.authorise(
                SignPosition(
                    height: proposal.height.value,
                    round: proposal.round.value,
                    step: .proposal
                ),
                signing: bytes
            )
            return .proposal(SignedProposal(proposal: proposal, signature: key.key.sign(bytes)))
        case .beacon(let alpha):
            // One key has one proof for each input, so there is nothing to contradict.
            return .beacon(alpha: alpha, VRF.prove(alpha, with: key.key))
        }
    }

    /// Refuses a record that is older than the log: then the log shows votes of this validator
    /// that the record has forgotten, for instance because a backup of it was restored.
    package func checkRecord(
        against log: [WALEntry],
        validators: ValidatorSet
    ) throws(SignGuardError) {
        let places = publicKeys.compactMap { validators.index(of: $0) }
        guard let ours = places.first else { return }
        for entry in log {
            let position: SignPosition
            switch entry {
            case .vote(let signed) where signed.vote.validator == ours:
                position = SignPosition(signed.vote)
            case .proposal(let signed, _, _) where signed.proposal.proposer == ours:
                position = SignPosition(
                    height: signed.proposal.height.value,
                    round: signed.proposal.round.value,
                    step: .proposal
                )
            default: continue
            }
            guard let last, position <= last else {
                throw .behindLog(signed: position, last: last)
            }
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
}
