import Commitments
import Ledger
import Primitives

/// What panels decide, once more.
extension NaiveLedger {
    /// Every panel's silent members pay; then the committee's benches, or all validators, decide.
    mutating func decide(_ id: Digest) {
        guard let claim = claims[id] else { return }
        for judge in claim.judges {
            if judge.said == nil {
                lose(judge.owner, parameters.claims.absenceSlash.units)
                miss(judge.owner)
            } else {
                members[judge.owner]?.missedVerdicts = 0
            }
        }
        if claim.protest == nil, claim.dispute == nil {
            claims[id]?.committee = claim.judges
            claims[id]?.confirmed = []
            return conclude(id)
        }
        let said = claim.judges.compactMap(\.said)
        let majority = said.first { statement in
            outweighs(claim.judges.filter { $0.said == statement }, power(claim.judges))
        }
        guard let majority else { return undecided(id) }
        let winners = claim.judges.filter { $0.said == majority }
        contradict(claim.judges.filter { $0.said != majority })
        if let bench = claim.dispute { return settle(bench, id, majority, winners) }
        judged(id, majority.verdict, winners)
    }

    // MARK: The committee

    private func benches(_ claim: Case) -> Int {
        let size = parameters.claims.samples[Int(claim.terms.kind.rawValue)]
        let units = Int(claim.terms.unitCount)
        var sampled = units
        if units > max(Int(size.whole), Int(size.uniform)) {
            let part = (units * Int(size.perMille) + 999) / 1_000
            sampled = max(Int(size.uniform), part) + Int(size.weighted)
        }
        return max(1, min(claim.committee.count / 2, sampled))
    }

    /// Who sits on a bench.
    private func seats(_ bench: Int, _ claim: Case) -> [Judge] {
        claim.committee.enumerated().filter { $0.offset % benches(claim) == bench }.map(\.element)
    }

    private mutating func conclude(_ id: Digest) {
        guard let claim = claims[id] else { return }
        let total = power(claim.committee)
        let helpless = claim.committee.filter { $0.said?.verdict == .unavailable }
        if outweighs(helpless, total) {
            contradict(claim.committee.filter { $0.said?.verdict != .unavailable })
            payFee(id, helpless)
            return giveUp(id, lost: parameters.claims.unavailableSlashPerMille)
        }
        var silent = false
        var counted: [Judge] = []
        for bench in 0..<benches(claim) {
            let seats = self.seats(bench, claim)
            let heard = seats.filter { $0.said != nil && $0.said?.verdict != .unavailable }
            if let first = heard.first?.said {
                let alike = heard.filter { $0.said == first }
                if first.verdict != .valid, outweighs(alike, power(everybody)) {
                    contradict(seats.filter { $0.said != first })
                    payFee(id, alike)
                    return reject(id, judges: alike)
                }
                if first.verdict != .valid || alike.count < heard.count {
                    claims[id]?.dispute = bench
                    let all = everybody
                    claims[id]?.judges = all
                    return enter(.challengeCommitting, id, parameters.claims.commitHeights)
                }
            }
            counted += claim.confirmed.contains(bench) ? seats : heard
            silent = silent || heard.isEmpty && !claim.confirmed.contains(bench)
        }
        let agreeing = claim.committee.filter { $0.said?.verdict == .valid }
        guard !silent, !agreeing.isEmpty, outweighs(counted, total) else { return undecided(id) }
        contradict(claim.committee.filter { $0.said?.verdict == .unavailable })
        payFee(id, agreeing)
        claims[id]?.verifiers = agreeing.map(\.owner)
        enter(.accepted, id, parameters.claims.challengeHeights)
    }

    /// All validators have looked at a bench's share.
    private mutating func settle(
        _ bench: Int,
        _ id: Digest,
        _ known: Panel.Statement,
        _ winners: [Judge]
    ) {
        guard let claim = claims[id] else { return }
        claims[id]?.dispute = nil
        if known.verdict == .unavailable {
            payFee(id, winners)
            return giveUp(id, lost: parameters.claims.unavailableSlashPerMille)
        }
        let seats = self.seats(bench, claim)
        let wrong = seats.filter {
            $0.said != nil && $0.said?.verdict != .unavailable && $0.said != known
        }
        contradict(wrong)
        if known.verdict == .valid {
            for place in claim.committee.indices
            where wrong.contains(where: { $0.owner == claim.committee[place].owner }) {
                claims[id]?.committee[place].said = nil
            }
            claims[id]?.confirmed.insert(bench)
            return conclude(id)
        }
        let finders = seats.filter { $0.said == known }
        payFee(id, winners)
        reject(id, judges: finders.isEmpty ? winners : finders)
    }

    private mutating func undecided(_ id: Digest) {
        guard let claim = claims[id] else { return }
        claims[id]?.dispute = nil
        if let protest = claim.protest {
            balances[protest.who, default: 0] += protest.bond
            reopen(id)
        } else if claim.attempt < Int(parameters.claims.maxAttempts) {
            claims[id]?.attempt += 1
            claims[id]?.judges = []
            enter(.pending, id, parameters.claims.beaconDelay)
        } else {
            balances[claim.claimant, default: 0] += claim.fee
            claims[id]?.fee = 0
            giveUp(id, lost: 0)
        }
    }

    // MARK: A challenge

    private mutating func judged(_ id: Digest, _ verdict: Verdict, _ winners: [Judge]) {
        guard let claim = claims[id], let protest = claim.protest else { return }
        switch verdict {
        case .invalid:
            balances[protest.who, default: 0] += protest.bond
            claims[id]?.protest = nil
            for (seat, member) in claim.committee.enumerated()
            where member.said?.verdict == .valid
                && sampled(id, seat, claim.committee.count).contains(protest.unit)
            {
                lose(member.owner, parameters.claims.minoritySlash.units)
            }
            reject(id, judges: winners, finder: protest.who)
        case .valid:
            share(protest.bond, among: winners)
            reopen(id)
        case .unavailable:
            balances[protest.who, default: 0] += protest.bond
            claims[id]?.protest = nil
            giveUp(id, lost: parameters.claims.unavailableSlashPerMille)
        }
    }

    private mutating func reopen(_ id: Digest) {
        claims[id]?.protest = nil
        enter(.accepted, id, parameters.claims.challengeHeights)
    }

    // MARK: Ends and money

    private mutating func reject(_ id: Digest, judges: [Judge], finder: Address? = nil) {
        guard var claim = claims[id] else { return }
        let lost = claim.bond
        claim.bond = 0
        claim.phase = .rejected
        claims[id] = claim
        forfeit(lost, judges, finder)
        guard [.training, .index].contains(claim.terms.kind),
            var piece = adapters[claim.terms.subject], !piece.isRevoked
        else { return }
        let pledged = piece.bond
        piece.bond = 0
        piece.isRevoked = true
        piece.isCondemned = true
        adapters[claim.terms.subject] = piece
        forfeit(pledged, judges, finder)
    }

    /// A finder takes the finder's part, and those who looked at most a fee of the rest; without a
    /// finder the finder's part is theirs.
    private mutating func forfeit(_ lost: UInt128, _ judges: [Judge], _ finder: Address?) {
        let found = Self.perMille(lost, UInt128(parameters.claims.finderPerMille))
        var rest = lost - found
        if let finder {
            balances[finder, default: 0] += found
            let wage = min(rest, parameters.claims.verificationFee.units)
            share(wage, among: judges)
            rest -= wage
        } else {
            share(found, among: judges)
        }
        treasury += rest
    }

    private mutating func giveUp(_ id: Digest, lost rate: UInt16) {
        guard var claim = claims[id] else { return }
        let lost = Self.perMille(claim.bond, UInt128(rate))
        treasury += lost
        balances[claim.claimant, default: 0] += claim.bond - lost
        claim.bond = 0
        claim.phase = .unavailable
        claims[id] = claim
    }

    private func power(_ judges: [Judge]) -> UInt128 {
        judges.reduce(UInt128(0)) { $0 + UInt128($1.power) }
    }

    /// Half is not enough.
    private func outweighs(_ judges: [Judge], _ total: UInt128) -> Bool {
        power(judges) * 2 > total
    }

    private mutating func payFee(_ id: Digest, _ judges: [Judge]) {
        share(claims[id]?.fee ?? 0, among: judges)
        claims[id]?.fee = 0
    }

    /// Those who said something else: data out of reach is a failure, the rest a lie or a copy.
    private mutating func contradict(_ judges: [Judge]) {
        for judge in judges {
            guard let said = judge.said else { continue }
            let isFailure = said.verdict == .unavailable
            let rules = parameters.claims
            lose(judge.owner, (isFailure ? rules.absenceSlash : rules.minoritySlash).units)
        }
    }

    /// By power, into what owners and delegators share at the epoch's end.
    private mutating func share(_ amount: UInt128, among judges: [Judge]) {
        for (judge, part) in zip(judges, Self.parts(amount, judges.map { UInt128($0.power) })) {
            reward(judge.owner, part)
        }
    }

    /// One that is convicted earns nothing.
    mutating func reward(_ owner: Address, _ amount: UInt128) {
        if members[owner]?.isOut == true {
            treasury += amount
        } else {
            members[owner]?.rewards += amount
        }
    }

    private mutating func lose(_ owner: Address, _ amount: UInt128) {
        guard var member = members[owner] else { return }
        let lost = min(amount, member.bonded.tokens)
        member.bonded.tokens -= lost
        treasury += lost
        members[owner] = member
    }

    private mutating func miss(_ owner: Address) {
        guard var member = members[owner], member.serves else { return }
        member.missedVerdicts += 1
        if member.missedVerdicts >= Int(parameters.staking.missedVerdictLimit) {
            member.jailedUntil = height + parameters.staking.jailHeights
        }
        members[owner] = member
    }
}
