import Cryptography
import Primitives
import Replica
import Voting

/// One process: a replica over its disk, with keys and a clock of its own.
final class SimulatedNode {
    let peer: PeerID
    /// Its validator's key and, in some simulations, the one that replaces it.
    let keys: [ValidatorKey]
    let disk: SimulatedDisk
    let misconduct: Misconduct?
    var clock: SimulatedClock
    /// Counts restarts: timers and answers of an earlier life do not reach a later one.
    var life: UInt64 = 0
    /// Nil while the node is down.
    var replica: Replica<SimulatedDisk>?
    /// Until when the process waits for its disk; what arrives meanwhile waits as well.
    var busyUntil: UInt64 = 0
    /// Will not run again.
    var isDead = false

    init(
        peer: PeerID,
        keys: [ValidatorKey],
        disk: SimulatedDisk,
        skew: Int64,
        misconduct: Misconduct?
    ) {
        self.peer = peer
        self.keys = keys
        self.disk = disk
        self.misconduct = misconduct
        clock = SimulatedClock(skew: skew)
    }

    /// The key that serves in a set; the first one when none does.
    func key(in set: ValidatorSet) -> PublicKey {
        let serving = keys.first { set.index(of: $0.publicKey) != nil } ?? keys[0]
        return serving.publicKey
    }

    /// Signs what the guard record admits; a twin has no record.
    func sign(_ request: SignRequest, with wanted: PublicKey, chain: ChainID) -> SignedItem? {
        guard let key = keys.first(where: { $0.publicKey == wanted }),
            misconduct == .twin || disk.mayAndWillSign(request)
        else { return nil }
        switch request {
        case .vote(let vote): return key.sign(vote, chain).map { .vote($0) }
        case .proposal(let proposal): return key.sign(proposal, chain).map { .proposal($0) }
        case .beacon(let alpha): return key.prove(alpha).map { .beacon(alpha: alpha, $0) }
        }
    }
}

/// What a node takes for the time.
struct SimulatedClock {
    /// How far it is ahead, in milliseconds.
    var skew: Int64
    /// What it shows while it stands still.
    private var frozen: UInt64?

    init(skew: Int64) { self.skew = skew }

    func now(_ time: UInt64) -> UInt64 {
        frozen ?? UInt64(Int64(SimulatedGenesis.start + time) + skew)
    }

    mutating func freeze(at time: UInt64) { frozen = now(time) }
    mutating func thaw() { frozen = nil }
}

/// A validator's hot key, kept as a seed because secret keys are not copied.
struct ValidatorKey {
    let seed: [UInt8]
    let publicKey: PublicKey

    func sign(_ vote: Vote, _ chain: ChainID) -> SignedVote? {
        guard let key = try? SigningKey(seed: seed) else { return nil }
        return SignedVote(vote: vote, signature: key.sign(vote.signBytes(chain: chain)))
    }

    func sign(_ proposal: Proposal, _ chain: ChainID) -> SignedProposal? {
        guard let key = try? SigningKey(seed: seed) else { return nil }
        let signature = key.sign(proposal.signBytes(chain: chain))
        return SignedProposal(proposal: proposal, signature: signature)
    }

    func prove(_ alpha: [UInt8]) -> VRFProof? {
        guard let key = try? SigningKey(seed: seed) else { return nil }
        return VRF.prove(alpha, with: key)
    }
}
