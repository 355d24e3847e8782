import Ledger
package import Primitives

/// Asks a second node whether it knows the same chain. When it shows another header, finds the first
/// one where the two part, and whether the second node's is as well founded as the first one's.
///
/// Whoever drives it gets the block of height `next` from the witness, until `next` is nil. Blocks
/// that prove nothing are refused with an error: then the witness, not the primary, is at fault.
package struct WitnessComparison: Sendable {
    private enum Phase {
        case target
        /// Looking for the first difference: the place in the trace.
        case branch(Int)
        case verification(SkippingVerification, Int)
        case done
    }

    private let root: TrustedHeader
    private let trace: [LightBlock]
    private let rules: LightClientRules
    private var phase = Phase.target
    /// Both chains are signed by those who are trusted: someone of them is faulty.
    package private(set) var conflict: ConflictingHeaders?

    /// - Parameters:
    ///   - root: what the trace was concluded from.
    ///   - trace: what the primary's blocks have shown, as `SkippingVerification` leaves it.
    package init(root: TrustedHeader, trace: [LightBlock], rules: LightClientRules) {
        precondition(!trace.isEmpty)
        self.root = root
        self.trace = trace
        self.rules = rules
    }

    package var next: Height? {
        switch phase {
        case .target: trace.last?.height
        case .branch(let place): trace[place].height
        case .verification(let verification, _): verification.next
        case .done: nil
        }
    }

    package mutating func take(_ block: LightBlock, now: UInt64) throws(LightClientError) {
        guard let next else { return }
        guard block.height == next else {
            throw .wrongHeight(expected: next, found: block.height)
        }
        switch phase {
        case .target:
            let isSame = trace.last?.header.hash == block.header.hash
            if isSame {
                phase = .done
            } else if trace.count == 1 {
                try verify(block, at: 0, now: now)
            } else {
                phase = .branch(0)
            }
        case .branch(let place):
            if block.header.hash != trace[place].header.hash {
                try verify(block, at: place, now: now)
            } else if place + 1 < trace.count {
                phase = .branch(place + 1)
            } else {
                // The witness showed another block of this height a moment ago.
                throw .otherBlock(block.height)
            }
        case .verification(let verification, let place):
            try go(on: verification, block, at: place, now: now)
        case .done: return
        }
    }

    private mutating func verify(
        _ block: LightBlock,
        at place: Int,
        now: UInt64
    ) throws(LightClientError) {
        let base = place > 0 ? TrustedHeader(trace[place - 1]) : root
        let verification = SkippingVerification(from: base, to: block.height, rules: rules)
        try go(on: verification, block, at: place, now: now)
    }

    private mutating func go(
        on verification: SkippingVerification,
        _ block: LightBlock,
        at place: Int,
        now: UInt64
    ) throws(LightClientError) {
        var verification = verification
        let base = place > 0 ? TrustedHeader(trace[place - 1]) : root
        try verification.take(block, now: now)
        guard verification.next == nil, let other = verification.trace.last else {
            phase = .verification(verification, place)
            return
        }
        guard other.header.hash != trace[place].header.hash else {
            throw .otherBlock(block.height)
        }
        conflict = ConflictingHeaders(common: base, first: trace[place], second: other)
        phase = .done
    }
}
