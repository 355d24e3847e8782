import Ledger
import Primitives
import Voting

/// What a replica has gathered about the height in progress.
struct HeightWork {
    /// Blocks that proposals named, with the verdict on each; a block is judged once.
    private(set) var blocks: [Judged] = []
    /// The ECVRF proof over the last beacon, once the shell has made it.
    var proof: VRFProof?
    var isProofRequested = false
    /// The round for which consensus waits for a block.
    var buildingRound: Round?
    var hasBegun = false
    /// Consensus has decided a block that is not here; block sync will bring it.
    var isAwaitingBlock = false

    struct Judged {
        let hash: Digest
        let block: Block
        let verdict: Result<ExecutedBlock, BlockRejection>?
    }

    /// Signed proposals of the latest rounds, to hand to peers that missed them.
    private var proposals: [SignedProposal] = []

    /// Blocks kept of one height. A round's proposer may be faulty, so rounds may name many.
    static let blockLimit = 8

    func proposal(in round: Round) -> SignedProposal? {
        proposals.first { $0.proposal.round == round }
    }

    mutating func keep(_ proposal: SignedProposal) {
        if proposals.count >= Self.blockLimit { proposals.removeFirst() }
        proposals.append(proposal)
    }

    func judged(_ hash: Digest) -> Judged? { blocks.first { $0.hash == hash } }

    /// Keeps a block; beyond the limit the oldest goes that is not in `needed`.
    mutating func keep(_ judged: Judged, needed: [Digest]) {
        blocks.removeAll { $0.hash == judged.hash }
        if blocks.count >= Self.blockLimit,
            let place = blocks.firstIndex(where: { !needed.contains($0.hash) })
        {
            blocks.remove(at: place)
        }
        blocks.append(judged)
    }
}
