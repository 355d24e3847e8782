import Ledger
package import Primitives

/// Headers that are believed, so that a later question starts near its answer.
package struct HeaderStore: Sendable {
    private let rules: LightClientRules
    private let limit: Int
    /// What everything is concluded from; kept for good.
    package let root: TrustedHeader
    /// Ascending by height.
    package private(set) var blocks: [LightBlock] = []

    /// - Parameter limit: blocks kept beside the root; beyond it the lowest is forgotten.
    package init(root: TrustedHeader, rules: LightClientRules, limit: Int = 1_000) {
        precondition(limit > 0)
        self.root = root
        self.rules = rules
        self.limit = limit
    }

    package var latest: TrustedHeader { blocks.last.map(TrustedHeader.init) ?? root }

    package func block(at height: Height) -> LightBlock? {
        let place = place(of: height)
        return place < blocks.count && blocks[place].height == height ? blocks[place] : nil
    }

    /// The highest trusted header below a height.
    package func base(below height: Height) throws(LightClientError) -> TrustedHeader {
        guard height > root.height else {
            throw .belowTrust(asked: height, earliest: root.height)
        }
        let place = place(of: height)
        return place > 0 ? TrustedHeader(blocks[place - 1]) : root
    }

    /// The way to a height that is not here yet.
    package func verification(
        to height: Height
    ) throws(LightClientError) -> SkippingVerification {
        SkippingVerification(from: try base(below: height), to: height, rules: rules)
    }

    /// Keeps what a finished verification believes.
    package mutating func keep(_ trace: [LightBlock]) {
        for block in trace {
            let place = place(of: block.height)
            if place < blocks.count, blocks[place].height == block.height { continue }
            blocks.insert(block, at: place)
        }
        if blocks.count > limit { blocks.removeFirst(blocks.count - limit) }
    }

    /// Where a block of this height is or belongs.
    private func place(of height: Height) -> Int {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].height < height { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
