import Ledger
import Primitives
import Replica
import Storage
import Synchronization
import Telemetry
import Voting

/// What blocks tell an operator, counted as they become final from the node's start on.
package final class BlockStatistics: Sendable {
    struct State: Sendable {
        var height: UInt64 = 0
        var time: UInt64 = 0
        var round: UInt32 = 0
        var transactions = 0
        var allTransactions: UInt64 = 0
        var bytes = 0
        var evidence = 0
        var validators = 0
        var power: UInt64 = 0
        var missing = 0
        var missingPower: UInt64 = 0
        /// Blocks in whose certificate this node's validator should be and is not.
        var missedByUs: UInt64 = 0
        /// Seconds between the times of one block and the next.
        var intervals = Histogram(bounds: [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60])
    }

    private let database: Database
    /// The hot keys of this node's validator.
    private let keys: [PublicKey]
    private let state: Mutex<State>

    init(database: Database, keys: [PublicKey]) {
        self.database = database
        self.keys = keys
        var state = State()
        if let tip = try? database.now.tip() {
            state.height = tip.height.value
            state.time = tip.time
            state.validators = tip.validators.count
            state.power = tip.validators.total
        }
        self.state = Mutex(state)
    }

    /// Follows the chain until the heights end. The stream may skip heights; the database has all.
    func follow(_ heights: AsyncStream<Height>) async {
        for await height in heights {
            let next = state.withLock { $0.height } + 1
            guard next <= height.value else { continue }
            for value in next...height.value { record(Height(value)) }
        }
    }

    var current: State { state.withLock { $0 } }

    private func record(_ height: Height) {
        guard let block = try? database.now.block(at: height)?.block else { return }
        let signers = lastSigners(of: block)
        let validators = try? database.now.validators(at: height)
        state.withLock { state in
            // The first block's distance to the genesis document's date says nothing.
            if state.time > 0, state.height > 0, block.header.time >= state.time {
                state.intervals.observe(Double(block.header.time - state.time) / 1000)
            }
            state.height = height.value
            state.time = block.header.time
            state.transactions = block.transactions.count
            state.allTransactions += UInt64(block.transactions.count)
            state.bytes = block.borshBytes.count
            state.evidence = block.evidence.count
            if let validators {
                state.validators = validators.count
                state.power = validators.total
            }
            guard let signers else { return }
            state.round = signers.round
            state.missing = signers.missing
            state.missingPower = signers.missingPower
            if signers.weAreMissing { state.missedByUs += 1 }
        }
    }

    private struct Signers {
        let round: UInt32
        let missing: Int
        let missingPower: UInt64
        let weAreMissing: Bool
    }

    /// Who signed the block before, as this block's proposer had seen it.
    private func lastSigners(of block: Block) -> Signers? {
        guard let commit = block.lastCommit,
            let set = try? database.now.validators(at: commit.height)
        else { return nil }
        let signed = Set(commit.signatures.map { Int($0.validator.value) })
        let missing = set.validators.indices.filter { !signed.contains($0) }
        return Signers(
            round: commit.round.value,
            missing: missing.count,
            missingPower: missing.reduce(0) { $0 + set.validators[$1].power },
            weAreMissing: missing.contains { keys.contains(set.validators[$0].key) }
        )
    }
}
