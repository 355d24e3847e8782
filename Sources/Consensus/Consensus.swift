// Tendermint for one height: keeps proposals and votes, raises the events of the round machine
// when their conditions hold, and turns its answers into effects. It sees digests of blocks and
// never their contents.

package import Primitives
package import Voting

/// Conditions are levels, not edges: after each input every rule of the paper is looked at again
/// until none fires, so an event cannot be missed because its parts came in an odd order.
package struct Consensus: Sendable {
    private struct Received: Sendable {
        let proposal: Proposal
        let isValid: Bool
    }

    package let height: Height
    package let set: ValidatorSet
    /// Nil for a node that follows without voting.
    package let validator: ValidatorIndex?
    package private(set) var machine = RoundMachine()
    package private(set) var votes: VoteKeeper
    /// Ascending by round; the first proposal of a round stays.
    private var proposals: [Received] = []

    package init(height: Height, set: ValidatorSet, validator: ValidatorIndex?) {
        self.height = height
        self.set = set
        self.validator = validator
        votes = VoteKeeper(height: height, set: set)
    }

    package var round: Round { machine.round }
    package var isDecided: Bool { machine.step == .decided }

    package func proposal(in round: Round) -> Proposal? {
        proposals.first { $0.proposal.round == round }?.proposal
    }

    package mutating func step(_ input: ConsensusInput) -> [ConsensusEffect] {
        var effects: [ConsensusEffect] = []
        switch input {
        case .start:
            if machine.step == .newRound { enter(.zero, &effects) }
        case .built(let round, let block):
            if round == machine.round { apply(.built(block), &effects) }
        case .proposal(let proposal, let isValid):
            keep(proposal, isValid: isValid)
        case .vote(let signed):
            if case .conflicting(let evidence) = votes.add(signed, current: machine.round) {
                effects.append(.equivocation(evidence))
            }
        case .timeout(let timeout):
            if timeout.height == height, timeout.round == machine.round {
                apply(.timeout(timeout.kind), &effects)
            }
        }
        settle(&effects)
        return effects
    }

    /// The precommits for the decided block known by now, which may be more than decided it.
    package func certificate(round: Round, block: Digest) -> CommitCertificate {
        let signed = votes.votes(.precommit, in: round)?.votes(for: block) ?? []
        return CommitCertificate(
            height: height,
            round: round,
            block: block,
            signatures: signed.map {
                CommitCertificate.Entry(validator: $0.vote.validator, signature: $0.signature)
            }
        )
    }

    private mutating func keep(_ proposal: Proposal, isValid: Bool) {
        guard proposal.height == height else { return }
        let place =
            proposals.firstIndex { $0.proposal.round >= proposal.round } ?? proposals.count
        if place < proposals.count, proposals[place].proposal.round == proposal.round { return }
        proposals.insert(Received(proposal: proposal, isValid: isValid), at: place)
    }

    /// Raises events until no rule is enabled. Every event that `enabled` returns moves the step,
    /// the round or a "first time" flag forward, so this ends.
    private mutating func settle(_ effects: inout [ConsensusEffect]) {
        while let event = enabled() { apply(event, &effects) }
    }

    private mutating func apply(_ event: RoundEvent, _ effects: inout [ConsensusEffect]) {
        for output in machine.apply(event) {
            switch output {
            case .build(let round): effects.append(.build(round))
            case .propose(let block, let validRound): propose(block, validRound, &effects)
            case .vote(let kind, let block): vote(kind, block, &effects)
            case .schedule(let kind):
                effects.append(
                    .schedule(Timeout(kind: kind, height: height, round: machine.round))
                )
            case .decide(let round, let block):
                effects.append(.decide(certificate(round: round, block: block)))
            case .enter(let round): enter(round, &effects)
            }
        }
    }

    private mutating func enter(_ round: Round, _ effects: inout [ConsensusEffect]) {
        effects.append(.entered(round))
        let isProposer = validator == set.proposer(height: height, round: round)
        apply(.start(round, isProposer: isProposer), &effects)
    }

    private func propose(
        _ block: Digest,
        _ validRound: Round?,
        _ effects: inout [ConsensusEffect]
    ) {
        guard let validator else { return }
        effects.append(
            .propose(
                Proposal(
                    height: height,
                    round: machine.round,
                    block: block,
                    validRound: validRound,
                    proposer: validator
                )
            )
        )
    }

    private func vote(_ kind: Vote.Kind, _ block: Digest?, _ effects: inout [ConsensusEffect]) {
        guard let validator else { return }
        effects.append(
            .vote(
                Vote(
                    kind: kind,
                    height: height,
                    round: machine.round,
                    block: block,
                    validator: validator
                )
            )
        )
    }
}

// MARK: - The conditions of algorithm 1

extension Consensus {
    /// The first rule whose condition holds and that has not fired yet.
    private func enabled() -> RoundEvent? {
        guard machine.step != .decided else { return nil }
        if let decision = decision() { return decision }
        guard machine.step != .newRound else { return nil }
        if let later = votes.laterRound(than: machine.round) { return .laterRound(later) }
        let prevotes = votes.level(.prevote, in: machine.round)
        return proposalRule() ?? polkaRule(prevotes) ?? precommitRule()
    }

    /// L49.
    private func decision() -> RoundEvent? {
        for (round, block) in votes.decisions {
            let isKnown = proposals.contains {
                $0.proposal.round == round && $0.proposal.block == block && $0.isValid
            }
            if isKnown { return .proposalWithPrecommits(round, block) }
        }
        return nil
    }

    /// L22 and L28.
    private func proposalRule() -> RoundEvent? {
        guard machine.step == .propose, let received = received(in: machine.round) else {
            return nil
        }
        let block = received.proposal.block
        guard let validRound = received.proposal.validRound else {
            return .proposal(block, isValid: received.isValid)
        }
        guard votes.level(.prevote, in: validRound) == .agreed(block) else { return nil }
        return .proposalWithEarlierPolka(
            block,
            validRound: validRound,
            isValid: received.isValid
        )
    }

    /// L36, L44 and L34, in this order: a lock before a vote for none, that before a timer.
    private func polkaRule(_ prevotes: RoundVotes.Level) -> RoundEvent? {
        guard machine.step == .prevote || machine.step == .precommit else { return nil }
        if case .agreed(let block?) = prevotes, !machine.hasSeenPolka,
            let received = received(in: machine.round), received.isValid,
            received.proposal.block == block
        {
            return .proposalWithPolka(block)
        }
        guard machine.step == .prevote, prevotes != .tooFew else { return nil }
        if prevotes == .agreed(nil) { return .polkaNil }
        return machine.hasScheduledPrevote ? nil : .polkaAny
    }

    /// L47.
    private func precommitRule() -> RoundEvent? {
        guard !machine.hasScheduledPrecommit else { return nil }
        return votes.level(.precommit, in: machine.round) == .tooFew ? nil : .precommitAny
    }

    private func received(in round: Round) -> Received? {
        proposals.first { $0.proposal.round == round }
    }
}
