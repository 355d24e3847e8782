// What a bench of the committee disagrees about, or calls false, all validators re-run: the same
// two steps as a challenge, with the members' stake in the place of the challenger's bond.

import Commitments
import Primitives
import Voting

extension BlockMachine {
    mutating func dispute(
        _ bench: Claim.Bench,
        _ id: Digest,
        _ claim: inout Claim,
        committee: Panel
    ) throws(Abort) {
        try store(committee, at: StateKey.committee(id))
        claim.dispute = bench
        try seat(validators.validators, id)
        try enter(.challengeCommitting, for: parameters.claims.commitHeights, id, &claim)
        emit(
            .claimDisputed,
            claimAttributes(id, claim) + [(.bench, .number(UInt64(bench.number)))]
        )
    }

    /// All validators have looked at a bench's share.
    mutating func settle(
        _ bench: Claim.Bench,
        _ id: Digest,
        _ claim: inout Claim,
        _ statement: Panel.Statement,
        judges: [Panel.Member]
    ) throws(Abort) {
        claim.dispute = nil
        var committee: Panel = try loadKnown(at: StateKey.committee(id))
        let seats = committee.members.indices.filter { bench.holds(seat: $0) }
        emit(
            .disputeSettled,
            claimAttributes(id, claim) + [
                (.bench, .number(UInt64(bench.number))),
                (.verdict, .text(statement.verdict.name)),
            ]
        )
        guard statement.verdict != .unavailable else {
            try payFee(&claim, to: judges)
            return try endUnavailable(
                id,
                &claim,
                slash: parameters.claims.unavailableSlashPerMille
            )
        }
        let wrong = seats.filter {
            committee.members[$0].isContradicted(by: statement)
        }
        try contradict(wrong.map { committee.members[$0] }, claim: id)
        for seat in wrong { committee.members[seat].statement = nil }
        if statement.verdict == .valid {
            committee.confirmed.append(bench.number)
            return try conclude(id, &claim, committee: committee)
        }
        let finders = seats.map { committee.members[$0] }.filter { $0.statement == statement }
        try payFee(&claim, to: judges)
        try reject(id, &claim, statement, judges: finders.isEmpty ? judges : finders)
    }
}
