import Primitives

/// How much of the past a database keeps.
package struct Retention: Sendable, Equatable {
    /// Heights of the state tree, for proofs and snapshots; 0 keeps all.
    package var states: UInt64
    /// Blocks with their receipts and events; 0 keeps all, and fewer than `fewestBlocks` count as
    /// that many, because peers that were away a moment ask for them.
    package var blocks: UInt64

    package static let fewestBlocks: UInt64 = 100

    package init(states: UInt64 = 0, blocks: UInt64 = 0) {
        self.states = states
        self.blocks = blocks
    }

    /// Everything, for ever.
    package static let archive = Retention()
    /// What a validator needs, with a margin for peers that come back.
    package static let pruned = Retention(states: 1_000, blocks: 10_000)

    /// The oldest version of the state that is kept when `height` is the last; nil keeps all.
    func oldestState(at height: Height) -> UInt64? {
        states > 0 && height.value > states ? height.value - states : nil
    }

    /// The oldest block that is kept when `height` is the last; nil keeps all.
    func oldestBlock(at height: Height) -> Height? {
        let kept = max(blocks, Self.fewestBlocks)
        return blocks > 0 && height.value > kept ? Height(height.value - kept + 1) : nil
    }
}
