// What the players of a scenario do, and what the faulty ones say instead.

import Consensus
import Primitives
import Voting

extension TwinsScenario {
    mutating func deliver(_ message: TwinsMessage, to player: Int) {
        switch message {
        case .proposal(let proposal):
            // Whose turn it is has been checked, as a replica does.
            let due = set.proposer(height: proposal.height, round: proposal.round)
            guard proposal.proposer == due else { return }
            give(.proposal(proposal, isValid: blocks.isValid(proposal.block)), to: player)
        case .vote(let signed): give(.vote(signed), to: player)
        }
    }

    mutating func give(_ input: ConsensusInput, to player: Int) {
        steps += 1
        if case .vote(let signed) = input, signed.vote.height == players[player].consensus.height,
            !players[player].log.contains(signed)
        {
            players[player].log.append(signed)
        }
        for effect in players[player].consensus.step(input) { perform(effect, of: player) }
    }

    private mutating func perform(_ effect: ConsensusEffect, of player: Int) {
        switch effect {
        case .entered: break
        case .build(let round):
            let isValid = players[player].misconduct != .invalidProposer || random.isOn
            give(.built(round, blocks.make(isValid: isValid)), to: player)
        case .propose(let proposal):
            broadcast(.proposal(proposal), from: player)
            deliver(.proposal(proposal), to: player)
        case .vote(let vote):
            let signed = SignedVote(vote: vote, signature: .zero)
            broadcast(.vote(signed), from: player)
            give(.vote(signed), to: player)
            if vote.kind == .precommit { forget(player) }
        case .schedule(let timeout): timers.append((timeout, player))
        case .equivocation(let evidence):
            let isTrue = players.contains { $0.validator == evidence.validator && !$0.isHonest }
            if !isTrue { violations.append("evidence names an honest validator") }
        case .decide(let certificate): decide(certificate, player)
        }
    }

    private mutating func decide(_ certificate: CommitCertificate, _ player: Int) {
        players[player].decision = certificate.block
        let power = certificate.signatures.reduce(UInt64(0)) {
            $0 + (set[$1.validator]?.power ?? 0)
        }
        if !set.isQuorum(power) { violations.append("a decision without two thirds") }
    }

    private mutating func broadcast(_ message: TwinsMessage, from: Int) {
        for to in players.indices where to != from {
            for told in distorted(message, from: from, to: to) {
                let passes = isHealed || schedule.carries(told.round, from: from, to: to)
                if passes { pending.append((told, to)) } else { lost.append((told, to)) }
            }
        }
    }

    /// An amnesiac starts anew in the next round, without its lock and with its guard record.
    private mutating func forget(_ player: Int) {
        let round = players[player].consensus.round
        guard players[player].misconduct == .amnesiac, players[player].forgotIn != round,
            players[player].decision == nil, random.isOn
        else { return }
        players[player].forgotIn = round
        let validator = players[player].validator
        var fresh = Consensus(height: Height(1), set: set, validator: validator)
        var effects = fresh.step(.start)
        for passed in 0...round.value {
            let timeout = Timeout(kind: .precommit, height: Height(1), round: Round(passed))
            effects = fresh.step(.timeout(timeout))
        }
        players[player].consensus = fresh
        for effect in effects { perform(effect, of: player) }
    }

    private mutating func distorted(
        _ message: TwinsMessage,
        from: Int,
        to: Int
    ) -> [TwinsMessage] {
        switch (players[from].misconduct, message) {
        case (.withholder, _): return random.isOn ? [message] : []
        case (.equivocator, .vote(let signed)):
            return [.vote(altered(signed.vote, block: anyBlock()))]
        case (.twoFaced, .vote(let signed)):
            guard to.isMultiple(of: 2) else { return [message] }
            return [.vote(altered(signed.vote, block: signed.vote.block == nil ? anyBlock() : nil))]
        case (.timeTraveller, .vote(let signed)):
            let round = UInt64(signed.vote.round.value) + random.number(0...8)
            let other = Round(UInt32(round > 4 ? round - 4 : round))
            return [message, .vote(altered(signed.vote, round: other, block: anyBlock()))]
        case (.garbler, .vote(let signed)):
            return [
                .vote(
                    altered(
                        signed.vote,
                        height: Height(random.number(0...2)),
                        validator: ValidatorIndex(UInt16(random.number(4...6)))
                    )
                ), message,
            ]
        case (.invalidProposer, .proposal(let proposal)):
            guard random.isOn else { return [message] }
            let other = Proposal(
                height: proposal.height,
                round: proposal.round,
                block: blocks.make(isValid: random.isOn),
                validRound: proposal.validRound,
                proposer: proposal.proposer
            )
            return [.proposal(other)]
        default: return [message]
        }
    }

    private mutating func anyBlock() -> Digest? {
        let place = random.index(below: blocks.all.count + 1)
        return place < blocks.all.count ? blocks.all[place] : nil
    }

    private func altered(
        _ vote: Vote,
        height: Height? = nil,
        round: Round? = nil,
        block: Digest?? = nil,
        validator: ValidatorIndex? = nil
    ) -> SignedVote {
        let other = Vote(
            kind: vote.kind,
            height: height ?? vote.height,
            round: round ?? vote.round,
            block: block ?? vote.block,
            validator: validator ?? vote.validator
        )
        return SignedVote(vote: other, signature: .zero)
    }
}
