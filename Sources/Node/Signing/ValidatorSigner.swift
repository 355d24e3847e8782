// The only place where the validator's hot key signs for consensus. The record is on the disk
// before the key is used, so no crash can make it sign two things at one position.

import Cryptography
package import Primitives
package import Replica
package import Storage
import Voting

/// A validator's hot keys behind one record: here, or in a signer process that has both. Around a
/// rotation there are two, of which one serves at a height.
package struct ValidatorSigner: ~Copyable, Sendable {
    private let keys: [HotKey]
    private let chain: ChainID
    /// Nil when the signer process keeps the record.
    private var guardian: SignGuard?
    /// The height through which nothing is signed, because the log has lost votes; nil when it is
    /// whole.
    package private(set) var silentThrough: UInt64?

    /// - Parameter keys: of this process; one at least.
    package init(keys: [HotKey], chain: ChainID, guardian: consuming SignGuard) {
        precondition(!keys.isEmpty)
        self.keys = keys
        self.chain = chain
        self.guardian = consume guardian
    }

    /// - Parameter key: in a signer process.
    package init(remote key: HotKey, chain: ChainID) {
        keys = [key]
        self.chain = chain
        guardian = nil
    }

    package var publicKeys: [PublicKey] { keys.map(\.publicKey) }

    private var remote: SignerClient? { keys.first?.signer }

    /// The last position that was signed; a signer process's as of when it was reached.
    package var last: SignPosition? {
        switch guardian {
        case .some(let guardian): guardian.last
        case nil: remote?.standing.last
        }
    }

    /// The last position that the log had.
    package var logged: SignPosition? {
        switch guardian {
        case .some(let guardian): guardian.logged
        case nil: remote?.standing.logged
        }
    }

    /// The signature that the request asks for; nil without the key. A refusal means that signing
    /// could be a fault.
    package mutating func sign(
        _ request: SignRequest,
        with wanted: PublicKey
    ) throws(SignGuardError) -> SignedItem? {
        guard let key = keys.first(where: { $0.publicKey == wanted }) else { return nil }
        if let position = SignPosition(request), let silentThrough,
            position.height <= silentThrough
        {
            throw .forgotten(asked: position, silentThrough: silentThrough)
        }
        if let signer = key.signer {
            return try Self.item(request, try signer.call(.sign(request)))
        }
        switch request {
        case .vote(let vote):
            let signature = try signature(
                of: key,
                vote.signBytes(chain: chain),
                at: SignPosition(vote)
            )
            return .vote(SignedVote(vote: vote, signature: signature))
        case .proposal(let proposal):
            let bytes = proposal.signBytes(chain: chain)
            let signature = try signature(of: key, bytes, at: SignPosition(proposal))
            return .proposal(SignedProposal(proposal: proposal, signature: signature))
        case .beacon(let alpha):
            // One key has one proof for each input, so there is nothing to contradict.
            guard let proof = key.prove(alpha) else { throw .signer("there is no key here") }
            return .beacon(alpha: alpha, proof)
        }
    }

    private mutating func signature(
        of key: HotKey,
        _ bytes: [UInt8],
        at position: SignPosition
    ) throws(SignGuardError) -> Signature {
        try guardian?.authorise(position, signing: bytes)
        guard let signature = key.sign(bytes) else { throw .signer("there is no key here") }
        return signature
    }

    private static func item(
        _ request: SignRequest,
        _ answer: SignerAnswer
    ) throws(SignGuardError) -> SignedItem {
        switch (request, answer) {
        case (.vote(let vote), .signature(let signature)):
            return .vote(SignedVote(vote: vote, signature: signature))
        case (.proposal(let proposal), .signature(let signature)):
            return .proposal(SignedProposal(proposal: proposal, signature: signature))
        case (.beacon(let alpha), .proof(let proof)): return .beacon(alpha: alpha, proof)
        default: throw .signer("the signer answers something else")
        }
    }

    /// Notes what the log has durably, just before it is sent.
    package mutating func confirm(_ entry: WALEntry) throws(SignGuardError) {
        guard let position = SignPosition(entry) else { return }
        try confirm(position)
    }

    mutating func confirm(_ position: SignPosition) throws(SignGuardError) {
        if let signer = remote {
            guard try signer.call(.confirm(position)) == .done else {
                throw .signer("the signer answers something else")
            }
        } else {
            try guardian?.confirm(position)
        }
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
        let place = publicKeys.lazy.compactMap { tip.validators.index(of: $0) }.first
        let ours = place.map { index in
            log.filter { $0.author == index }.compactMap { SignPosition($0) }
        }
        for position in ours ?? [] {
            guard let last, position <= last else {
                throw .behindLog(signed: position, last: last)
            }
        }
        if let last, last.height > tip.height.next.value { silentThrough = last.height }
        if let logged, logged.height > tip.height.value, ours?.contains(logged) != true {
            silentThrough = max(silentThrough ?? 0, logged.height)
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

    /// Where a request belongs; nil for what may be asked any number of times.
    init?(_ request: SignRequest) {
        switch request {
        case .vote(let vote): self.init(vote)
        case .proposal(let proposal): self.init(proposal)
        case .beacon: return nil
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
