// Whose data helped, over all answers of a settlement. Signs are kept until everything is added:
// clipping each answer at zero would pay contributors whose data hurts as often as it helps.

package import Commitments
package import Primitives

/// A contributor's influence over a settlement, weighted by each answer's fee.
package struct NetInfluence: Sendable, Hashable {
    package let contributor: Address
    package let net: Int128

    /// Adds weight × fee by contributor, in ascending order of contributor.
    ///
    /// Nothing overflows: a row's weights sum to at most 2^32 in magnitude, and all fees together
    /// to at most the supply, below 2^90.
    /// - Precondition: the fees sum to at most the supply.
    package static func sum(over rows: [QueryAttribution]) -> [NetInfluence] {
        var terms: [NetInfluence] = []
        for row in rows {
            let fee = Int128(row.fee.units)
            for share in row.shares {
                terms.append(
                    NetInfluence(
                        contributor: share.contributor,
                        net: Int128(share.weight) * fee
                    )
                )
            }
        }
        terms.sort { $0.contributor < $1.contributor }
        var nets: [NetInfluence] = []
        for term in terms {
            if let last = nets.last, last.contributor == term.contributor {
                nets[nets.count - 1] = NetInfluence(
                    contributor: term.contributor,
                    net: last.net + term.net
                )
            } else {
                nets.append(term)
            }
        }
        return nets
    }

    /// Divides a pot in proportion to the positive nets, by largest remainder, with no part over
    /// the cap. What the cap cuts off, or everything when nobody's net is positive, is left over.
    package static func divide(
        _ pot: Amount,
        among nets: [NetInfluence],
        capPerMille: UInt16
    ) throws(Amount.Failure) -> (parts: [(contributor: Address, amount: Amount)], left: Amount) {
        let winners = nets.filter { $0.net > 0 }
        guard !winners.isEmpty else { return ([], pot) }
        let shares = try pot.split(weights: winners.map { $0.net.magnitude })
        let cap = try pot.scaled(by: UInt64(capPerMille), over: UInt64(1_000))
        var parts: [(contributor: Address, amount: Amount)] = []
        var left = pot
        for (winner, share) in zip(winners, shares) {
            let amount = min(share, cap)
            left = try left.subtracting(amount)
            parts.append((winner.contributor, amount))
        }
        return (parts, left)
    }
}
