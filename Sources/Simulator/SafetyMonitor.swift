// Watches everything that leaves the nodes, and collects broken promises.

import Cryptography
import Ledger
import Primitives
import Replica
import StateTree
import Voting

/// The promises: one block a height, one state root a height, one signature a step, only what was
/// submitted and once, times near the true one, proofs of faults name the faulty, honest peers are
/// not blamed, nobody halts, the supply is conserved.
struct SafetyMonitor {
    private struct Step: Hashable {
        let key: PublicKey
        let height: Height
        let round: Round
        /// 0 for a proposal, otherwise the kind of vote.
        let step: UInt8
    }

    private(set) var violations: [String] = []
    private var blocks: [CertifiedBlock] = []
    private var signed: [Step: Digest?] = [:]
    /// Whose double signatures are expected.
    private let faulty: PublicKey?
    private let chain: ChainID
    /// How far a block's time may be ahead of the true time.
    private let timeSlack: UInt64
    /// What the workload has signed, and the height at which it was committed.
    private var submitted: [Digest: Height?] = [:]

    init(chain: ChainID, faulty: PublicKey?, timeSlack: UInt64) {
        self.chain = chain
        self.faulty = faulty
        self.timeSlack = timeSlack
    }

    mutating func submit(_ transaction: SignedTransaction) {
        submitted[transaction.id] = .some(nil)
    }

    /// Violations beyond the first few repeat what those say.
    mutating func violate(_ text: String, at time: UInt64) {
        if violations.count < 10 { violations.append("\(time) ms: \(text)") }
    }

    mutating func see(_ block: CommittedBlock, by node: Int, before: ChainTip, at time: UInt64) {
        let height = block.height
        guard height == before.height.next else {
            return violate("node \(node) committed \(height.value) out of order", at: time)
        }
        do {
            try block.certified.certificate.verify(set: before.validators, chain: chain)
        } catch {
            violate("node \(node): certificate of \(height.value): \(error)", at: time)
        }
        if height.value > UInt64(blocks.count) {
            blocks.append(block.certified)
            return check(block.certified.block, at: time)
        }
        let known = blocks[Int(height.value) - 1].block.header
        let header = block.certified.block.header
        if known.hash != header.hash {
            violate("node \(node): a second block of height \(height.value)", at: time)
        }
        if known.stateRoot != header.stateRoot {
            violate("node \(node): a second state of height \(height.value)", at: time)
        }
    }

    /// What makes the first block of a height a valid one.
    private mutating func check(_ block: Block, at time: UInt64) {
        let height = block.header.height
        for transaction in block.transactions {
            let isNew = submitted[transaction.id].map { $0 == nil } ?? false
            if !isNew {
                violate("height \(height.value): unknown or repeated transaction", at: time)
            }
            submitted[transaction.id] = height
        }
        if block.header.time > SimulatedGenesis.start + time + timeSlack {
            violate("height \(height.value) is of the future: \(block.header.time)", at: time)
        }
        for evidence in block.evidence {
            let vote = evidence.first
            let isTrue = faulty.map {
                Ed25519.verify(vote.signature, of: vote.vote.signBytes(chain: chain), by: $0)
            }
            if isTrue != true { violate("height \(height.value): an honest one accused", at: time) }
        }
    }

    /// Called with every message as it leaves the node that signed what is in it.
    ///
    /// - Parameter tip: the node's; its set is that of the height in progress, and gives votes of
    ///   other heights no names.
    mutating func see(_ message: ReplicaMessage, tip: ChainTip, own: PublicKey, at time: UInt64) {
        let (set, height) = (tip.validators, tip.height.next)
        switch message {
        case .votes(let votes):
            for vote in votes.map(\.vote)
            where vote.height == height && set[vote.validator]?.key == own {
                let step = Step(
                    key: own,
                    height: vote.height,
                    round: vote.round,
                    step: vote.kind.rawValue
                )
                see(step, vote.block, at: time)
            }
        case .proposal(let signed, _)
        where signed.proposal.height == height && set[signed.proposal.proposer]?.key == own:
            let proposal = signed.proposal
            let step = Step(key: own, height: proposal.height, round: proposal.round, step: 0)
            see(step, proposal.block, at: time)
        default: break
        }
    }

    private mutating func see(_ step: Step, _ block: Digest?, at time: UInt64) {
        if let known = signed[step] {
            if known != block, step.key != faulty {
                violate("a validator signed twice at height \(step.height.value)", at: time)
            }
        } else {
            signed[step] = .some(block)
        }
    }

    /// What each node holds at the end: the totals make the supply, and the accounts make their
    /// part of it.
    mutating func audit(_ disk: SimulatedDisk, node: Int, at time: UInt64) {
        do {
            let bytes = disk.values(prefix: StateKey.supply).first ?? []
            let totals = try SupplyTotals(borsh: bytes)
            if try totals.sum() != Genesis.supply { violate("node \(node): supply", at: time) }
            var balances = Amount.zero
            for value in disk.values(prefix: Array("a/".utf8)) {
                balances = try balances.adding(try Account(borsh: value).balance)
            }
            if balances != totals[.balances] { violate("node \(node): balances", at: time) }
            let root = try StateTree.root(at: disk.tip.height.value, in: disk)
            if root != disk.tip.stateRoot { violate("node \(node): state root", at: time) }
        } catch {
            violate("node \(node): audit: \(error)", at: time)
        }
    }
}
