// What a faulty validator puts on the wire instead of what its replica said. Its replica itself is
// the real one: a machine that follows the rules and a network card that does not.

import Ledger
import Primitives
import Replica
import Voting

/// Distorts the messages of one validator.
struct Misbehaver {
    let misconduct: Misconduct
    let key: ValidatorKey
    let chain: ChainID

    /// What goes to one peer in place of the message.
    ///
    /// - Parameters:
    ///   - own: the validator's place in the set of the message's height.
    ///   - peer: the number of the node that it goes to.
    func distort(
        _ message: ReplicaMessage,
        own: ValidatorIndex?,
        to peer: Int,
        _ random: inout SimulationRandom
    ) -> [ReplicaMessage] {
        switch (misconduct, message) {
        case (.withholder, _): return random.isOn ? [message] : []
        case (.equivocator, .votes(let votes)):
            guard random.isOn else { return [message] }
            return [.votes(votes.map { $0.vote.validator == own ? contradiction($0) : $0 })]
        case (.twoFaced, .votes(let votes)):
            guard peer.isMultiple(of: 2) else { return [message] }
            return [.votes(votes.map { $0.vote.validator == own ? contradiction($0) : $0 })]
        case (.timeTraveller, .votes(let votes)):
            let more = votes.filter { $0.vote.validator == own }.compactMap {
                displaced($0.vote, &random)
            }
            return [message, .votes(more)]
        case (.invalidProposer, .proposal(let signed, let block)):
            guard signed.proposal.proposer == own else { return [message] }
            return spoilt(signed.proposal, block, &random).map { [$0] } ?? [message]
        case (.garbler, _): return garbled(message, &random).map { [$0] } ?? []
        default: return [message]
        }
    }

    /// A vote for none instead of a block, or for a block that nobody made instead of none.
    private func contradiction(_ signed: SignedVote) -> SignedVote {
        let vote = signed.vote
        let other = Vote(
            kind: vote.kind,
            height: vote.height,
            round: vote.round,
            block: vote.block == nil ? .zero : nil,
            validator: vote.validator
        )
        return key.sign(other, chain) ?? signed
    }

    private func displaced(_ vote: Vote, _ random: inout SimulationRandom) -> SignedVote? {
        let round = UInt64(vote.round.value) + random.number(0...6)
        let height = vote.height.value + random.number(0...3)
        let other = Vote(
            kind: random.isOn ? .prevote : .precommit,
            height: Height(height > 1 ? height - 1 : height),
            round: Round(UInt32(min(UInt64(Round.limit), round > 2 ? round - 2 : round))),
            block: vote.block,
            validator: vote.validator
        )
        return key.sign(other, chain)
    }

    private func spoilt(
        _ proposal: Proposal,
        _ block: Block,
        _ random: inout SimulationRandom
    ) -> ReplicaMessage? {
        var header = block.header
        switch random.number(0...5) {
        case 0: header.stateRoot = header.receiptsRoot
        case 1: header.time += 3_600_000
        case 2: header.parent = header.stateRoot
        case 3: header.beacon = header.parent
        case 4: header.nextValidatorsHash = .zero
        default: header.transactionsRoot = .zero
        }
        let other = Block(
            header: header,
            transactions: block.transactions,
            evidence: block.evidence,
            lastCommit: block.lastCommit
        )
        let named = Proposal(
            height: proposal.height,
            round: proposal.round,
            block: other.hash,
            validRound: proposal.validRound,
            proposer: proposal.proposer
        )
        return key.sign(named, chain).map { .proposal($0, other) }
    }

    /// The message with up to three flipped bits, if it is still one.
    private func garbled(
        _ message: ReplicaMessage,
        _ random: inout SimulationRandom
    ) -> ReplicaMessage? {
        var bytes = message.borshBytes
        for _ in 0..<random.number(0...3) {
            bytes[random.index(below: bytes.count)] ^= 1 << UInt8(random.number(0...7))
        }
        return try? ReplicaMessage(borsh: bytes)
    }
}
