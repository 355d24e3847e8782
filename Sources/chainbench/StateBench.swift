import Cryptography
import Ledger
import LightClient
import Primitives
import Replica
import StateTree
import Storage
import Voting

/// So many accounts in a database, written by blocks; then blocks that change some of them.
struct StateBench {
    private static let loadBatch = 20_000

    private let count: Int
    private let scratch: Scratch
    private let chain: BenchChain
    private let database: Database
    private var random = SplitMix(state: 1)

    init(accounts: Int) throws {
        count = accounts
        scratch = try Scratch()
        chain = try BenchChain()
        database = try Database(
            path: scratch.file("chain"),
            genesis: chain.genesis,
            retention: Retention(states: 100)
        )
    }

    mutating func run() throws {
        let load = try seconds {
            for start in stride(from: 0, to: count, by: Self.loadBatch) {
                let end = min(count, start + Self.loadBatch)
                _ = try commit((start..<end).map { Self.change($0, balance: 1) })
            }
        }
        report(
            "accounts on disk",
            [
                ("accounts", Double(count)), ("perSecond", Double(count) / load),
                ("bytesPerAccount", Double(diskBytes(scratch.path)) / Double(count)),
                ("peakMiB", peakMebibytes()),
            ]
        )
        for batch in [1, 100, 1_000, 10_000] where batch <= count { try measure(batch) }
    }

    /// Blocks of `batch` changed accounts each, drawn at random.
    private mutating func measure(_ batch: Int) throws {
        let blocks = max(3, min(200, 40_000 / batch))
        var (tree, total) = (0.0, 0.0)
        for number in 0..<blocks {
            var chosen: Set<Int> = []
            while chosen.count < batch {
                chosen.insert(Int(random.next() % UInt64(count)))
            }
            let changes = chosen.sorted().map { Self.change($0, balance: UInt64(number) + 2) }
            let times = try commit(changes)
            tree += times.tree
            total += times.tree + times.commit
        }
        let updates = Double(blocks * batch)
        report(
            "state root",
            [
                ("accounts", Double(count)), ("batch", Double(batch)),
                ("updatesPerSecond", updates / tree), ("withCommitPerSecond", updates / total),
            ]
        )
    }

    private static func change(_ number: Int, balance: UInt64) -> StateChange {
        StateChange(
            key: StateKey.account(BenchChain.account(number)),
            value: Account(nonce: 0, balance: Amount(tokens: balance)).borshBytes
        )
    }

    private func commit(_ changes: [StateChange]) throws -> (tree: Double, commit: Double) {
        let tip = try database.now.tip()
        let height = tip.height.next
        var update: TreeUpdate?
        let tree = try seconds {
            update = try StateTree.apply(
                changes.map { (key: $0.key, value: $0.value) },
                at: tip.height.value,
                to: height.value,
                in: database.now
            )
        }
        guard let update else { throw BenchError.setup }
        let light = try chain.block(
            height,
            parent: tip.hash,
            stateRoot: update.root,
            time: tip.time + 1
        )
        let block = Block(header: light.header, transactions: [], evidence: [], lastCommit: nil)
        let committed = CommittedBlock(
            certified: CertifiedBlock(block: block, certificate: light.certificate),
            changes: changes,
            newNodes: update.newNodes,
            staleNodes: update.stale,
            receipts: [],
            events: [],
            tip: ChainTip(
                height: height,
                hash: light.header.hash,
                time: light.header.time,
                beacon: .zero,
                stateRoot: update.root,
                validators: chain.set,
                lastValidators: chain.set,
                certificate: light.certificate
            )
        )
        return (tree, try seconds { try database.commit(committed) })
    }
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
