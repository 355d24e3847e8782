// A node's disk: what survives a crash, and what does not.

import Cryptography
package import Ledger
package import Primitives
package import Replica
package import StateTree
import Voting

/// Commits are atomic and durable. Log entries are bytes in frames with a checksum; they are
/// durable once a synced entry follows them or is among them, and a crash keeps any number of the
/// bytes after those. A class, because a replica and its simulated shell share it, as a process
/// and its database do.
package final class SimulatedDisk: ReplicaStore {
    package private(set) var tip: ChainTip
    private var values: [[UInt8]: [UInt8]] = [:]
    private var nodes: [NodeKey: TreeNode] = [:]
    private var blocks: [CertifiedBlock] = []
    /// Positions in `blocks` whose checksum no longer holds.
    private var damaged: Set<Int> = []
    private var log: [LogFrame] = []
    private var syncedCount = 0
    private var guardRecord = SignGuard()
    /// Takes no more bytes.
    var isFull = false

    /// Writes the genesis state.
    package init(genesis: SimulatedGenesis) {
        tip = genesis.tip
        for change in genesis.changes { values[change.key] = change.value }
        for (key, node) in genesis.tree.newNodes { nodes[key] = node }
    }

    package func value(_ key: [UInt8]) throws(StateReadError) -> [UInt8]? { values[key] }

    package func node(_ key: NodeKey) throws(StateTreeError) -> TreeNode? { nodes[key] }

    package func certifiedBlock(at height: Height) throws(StateReadError) -> CertifiedBlock? {
        guard height > .genesis, height.value <= UInt64(blocks.count) else { return nil }
        guard !damaged.contains(Int(height.value) - 1) else { throw StateReadError(key: []) }
        return blocks[Int(height.value) - 1]
    }

    /// Every value whose key has the prefix, in order of keys.
    package func values(prefix: [UInt8]) -> [[UInt8]] {
        values.filter { $0.key.starts(with: prefix) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    func append(_ entry: WALEntry, sync: Bool) {
        log.append(LogFrame(entry))
        if sync { syncedCount = log.count }
    }

    func commit(_ block: CommittedBlock) {
        for change in block.changes { values[change.key] = change.value }
        for (key, node) in block.newNodes { nodes[key] = node }
        for key in block.staleNodes { nodes[key] = nil }
        blocks.append(block.certified)
        tip = block.tip
        log.removeAll { $0.height <= block.height }
        syncedCount = log.count
    }

    /// A bit of a stored block flips. False when there is no block yet.
    func flip(_ random: inout SimulationRandom) -> Bool {
        guard !blocks.isEmpty else { return false }
        damaged.insert(random.index(below: blocks.count))
        return true
    }

    /// Loses unsynced entries: all after a random one, which is itself torn if `tears`.
    func crash(_ random: inout SimulationRandom, tears: Bool) {
        let kept = syncedCount + random.index(below: log.count - syncedCount + 1)
        let torn = kept < log.count && tears ? log[kept].torn(&random) : nil
        log = Array(log.prefix(kept))
        if let torn { log.append(torn) }
        syncedCount = log.count
    }

    /// Forgets what this validator has signed and heard.
    func forget() {
        log = []
        syncedCount = 0
        guardRecord = SignGuard()
    }

    /// What a starting process reads: everything before the first frame that does not hold.
    func openLog() -> [WALEntry] {
        var entries: [WALEntry] = []
        for frame in log {
            guard let entry = frame.entry else { break }
            entries.append(entry)
        }
        log = Array(log.prefix(entries.count))
        syncedCount = log.count
        return entries
    }

    /// Whether the request may be signed; if so, that is recorded first.
    func mayAndWillSign(_ request: SignRequest) -> Bool { guardRecord.admit(request) }
}

/// A log entry as bytes, with a checksum before them.
private struct LogFrame {
    private static let tag = HashTag("openledger/simulated-log/v1")
    let height: Height
    private var bytes: [UInt8]

    init(_ entry: WALEntry) {
        height = entry.height
        let body = entry.borshBytes
        bytes = taggedHash(Self.tag, body).bytes + body
    }

    /// Nil when the bytes are not all there, or not the ones that were written.
    var entry: WALEntry? {
        let body = Array(bytes.dropFirst(Digest.byteCount))
        guard bytes.count > Digest.byteCount,
            taggedHash(Self.tag, body).bytes == Array(bytes.prefix(Digest.byteCount))
        else { return nil }
        return try? WALEntry(borsh: body)
    }

    /// Some of the first bytes, one of them spoilt now and then.
    func torn(_ random: inout SimulationRandom) -> LogFrame {
        var frame = self
        frame.bytes = Array(bytes.prefix(random.index(below: bytes.count)))
        if !frame.bytes.isEmpty, random.isOn {
            frame.bytes[random.index(below: frame.bytes.count)] ^= 1 << UInt8(random.number(0...7))
        }
        return frame
    }
}
