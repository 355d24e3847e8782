import Commitments

/// What a committee has found whose benches looked at different units. Pure: no state, no money.
///
/// A bench alone is too few to condemn a claim, and enough to stop it: whatever its members do not
/// agree on, or call false, goes before all validators.
package enum CommitteeOutcome: Sendable, Hashable {
    /// Every bench has looked and nobody objects. The members that said so.
    case valid(members: [Int])
    /// False, as members with more than half of all validators' power say down to the trace: the
    /// whole set could not decide otherwise.
    case invalid(Panel.Statement, bench: UInt16, members: [Int])
    case unavailable(members: [Int])
    /// The first bench that objects or contradicts itself.
    case disputed(bench: UInt16)
    case undecided
}

extension Panel {
    /// - Parameters:
    ///   - benches: how many benches the members are divided into, by their places.
    ///   - setPower: of all validators together.
    package func outcome(benches: UInt16, setPower: UInt64) -> CommitteeOutcome {
        let total = power(of: members.indices)
        let unavailable = members.indices.filter {
            members[$0].statement?.verdict == .unavailable
        }
        if isMajority(unavailable, of: total) { return .unavailable(members: unavailable) }
        var valid: [Int] = []
        var settled: [Int] = []
        var isCovered = true
        for number in 0..<benches {
            let seats = members.indices.filter {
                Claim.Bench(number: number, count: benches).holds(seat: $0)
            }
            let statements = seats.compactMap { members[$0].statement }.filter {
                $0.verdict != .unavailable
            }
            if let first = statements.first {
                let agreeing = seats.filter { members[$0].statement == first }
                if first.verdict != .valid, isMajority(agreeing, of: setPower) {
                    return .invalid(first, bench: number, members: agreeing)
                }
                guard first.verdict == .valid, agreeing.count == statements.count else {
                    return .disputed(bench: number)
                }
                valid += agreeing
            }
            let isConfirmed = confirmed.contains(number)
            settled += isConfirmed ? seats : seats.filter { valid.contains($0) }
            isCovered = isCovered && (isConfirmed || !statements.isEmpty)
        }
        guard isCovered, !valid.isEmpty, isMajority(settled, of: total) else { return .undecided }
        return .valid(members: valid.sorted())
    }

    private func power(of places: some Sequence<Int>) -> UInt64 {
        places.reduce(UInt64(0)) { $0 + members[$1].power }
    }

    private func isMajority(_ places: [Int], of total: UInt64) -> Bool {
        2 * power(of: places) > total
    }
}
