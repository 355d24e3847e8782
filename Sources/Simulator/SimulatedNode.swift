import Cryptography
import Primitives
import Replica
import Voting

/// One process: a replica over its disk, with a key and a clock of its own.
final class SimulatedNode {
    let peer: PeerID
    let keySeed: [UInt8]
    let validatorKey: PublicKey
    let disk: SimulatedDisk
    /// How far this node's clock is ahead.
    let skew: UInt64
    /// A twin signs without the guard record.
    let isFaulty: Bool
    /// Counts restarts: timers and answers of an earlier life do not reach a later one.
    var life: UInt64 = 0
    /// Nil while the node is down.
    var replica: Replica<SimulatedDisk>?

    init(
        peer: PeerID,
        keySeed: [UInt8],
        validatorKey: PublicKey,
        disk: SimulatedDisk,
        skew: UInt64,
        isFaulty: Bool
    ) {
        self.peer = peer
        self.keySeed = keySeed
        self.validatorKey = validatorKey
        self.disk = disk
        self.skew = skew
        self.isFaulty = isFaulty
    }

    func sign(_ request: SignRequest, chain: ChainID) -> SignedItem? {
        guard let key = try? SigningKey(seed: keySeed) else { return nil }
        guard isFaulty || disk.mayAndWillSign(request) else { return nil }
        switch request {
        case .vote(let vote):
            return .vote(SignedVote(vote: vote, signature: key.sign(vote.signBytes(chain: chain))))
        case .proposal(let proposal):
            return .proposal(
                SignedProposal(
                    proposal: proposal,
                    signature: key.sign(proposal.signBytes(chain: chain))
                )
            )
        case .beacon(let alpha):
            return .beacon(alpha: alpha, VRF.prove(alpha, with: key))
        }
    }
}
