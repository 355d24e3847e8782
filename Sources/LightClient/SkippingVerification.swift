import Ledger
package import Primitives

/// Goes from a trusted header to a later one, over as few headers between as will do: where too few
/// of those who are trusted signed, it asks for the one half way.
///
/// Whoever drives it gets the block of height `next` from one node, which may be a liar, and hands
/// it in, until `next` is nil. A node that lied about a late header is found out at an earlier one,
/// so after an error the whole verification begins anew with another node.
package struct SkippingVerification: Sendable {
    private let rules: LightClientRules
    /// The last header that is believed; moves up.
    package private(set) var trusted: TrustedHeader
    /// Believed blocks above the first trusted one, ascending; at the end the target is the last.
    package private(set) var trace: [LightBlock] = []
    /// The height that is needed now.
    package private(set) var next: Height?
    /// Blocks that agree with themselves but are not yet believed, descending.
    private var waiting: [LightBlock] = []

    /// - Precondition: `target` is above the trusted height.
    package init(from trusted: TrustedHeader, to target: Height, rules: LightClientRules) {
        precondition(target > trusted.height)
        self.trusted = trusted
        self.rules = rules
        next = target
    }

    /// Takes the block that was asked for. After an error nothing has changed.
    package mutating func take(_ block: LightBlock, now: UInt64) throws(LightClientError) {
        guard let next else { return }
        guard block.height == next else {
            throw .wrongHeight(expected: next, found: block.height)
        }
        try block.checkItself(chain: rules.chain)
        var (believed, stack, steps) = (trusted, waiting + [block], trace)
        while let lowest = stack.last, try rules.follows(lowest, believed, now: now) {
            believed = TrustedHeader(lowest)
            steps.append(lowest)
            stack.removeLast()
        }
        (trusted, waiting, trace) = (believed, stack, steps)
        self.next = stack.last.map { lowest in
            let distance = lowest.height.value - believed.height.value
            return Height(believed.height.value + distance / 2)
        }
    }
}
