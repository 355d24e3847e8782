import Ledger
import LightClient
import Primitives
import Replica
import StateTree
import Storage
import Testing

@Suite("Snapshots on disk") struct SnapshotTests {
    let scratch = ScratchDirectory()

    /// A chain of `blocks` blocks with a snapshot at its end.
    private func snapshot(
        blocks: UInt8
    ) throws -> (chain: SoloChain, store: SnapshotStore, reader: SnapshotReader) {
        var chain = try SoloChain(path: scratch.file("chain"))
        for byte in 1...blocks { try chain.pay(to: byte) }
        let store = try SnapshotStore(directory: scratch.file("snapshots"))
        let height = Height(UInt64(blocks))
        try store.capture(chain.database, at: height)
        #expect(try store.heights().isEmpty, "a checkpoint alone is no snapshot")
        #expect(try store.finish(height))
        return (chain, store, try #require(try store.reader(at: height)))
    }

    private func imported(
        _ reader: SnapshotReader,
        _ genesis: Genesis,
        to path: String
    ) throws -> ChainTip {
        let block = try reader.lightBlock()
        let target = try StateImport(path: path)
        var assembly = TreeAssembly(root: block.header.stateRoot, version: block.height.value)
        while let place = assembly.wanted.last {
            let part = try #require(try reader.part(below: place))
            let nodes = try assembly.take(part, at: place)
            if case .entries(let entries) = part { try target.write(entries, nodes) }
        }
        return try target.finish(block, genesis: genesis)
    }

    @Test("a state taken over part by part is a database that goes on with the chain")
    func goesOn() throws {
        let (chain, _, reader) = try snapshot(blocks: 6)
        let tip = try chain.database.now.tip()
        let path = scratch.file("joined")
        #expect(try imported(reader, chain.genesis, to: path) == tip)
        let joined = try Database(path: path, genesis: chain.genesis)
        #expect(try joined.now.tip() == tip)
        #expect(try joined.now.earliestBlock() == Height(7))
        #expect(try joined.now.block(at: Height(6)) == nil)
        #expect(try joined.now.validators(at: Height(6)) == tip.lastValidators)
        let last = try joined.now.lightBlock(at: Height(6))
        #expect(try last == reader.lightBlock())
        // The joined chain makes blocks of its own.
        _ = try imported(reader, chain.genesis, to: scratch.file("second"))
        var second = try SoloChain(path: scratch.file("second"), genesis: chain.genesis)
        try second.pay(to: 9)
        #expect(try second.database.now.tip().height == Height(7))
        let key = StateKey.chain
        let value = try second.database.now.stateValue(key)
        for version in [6, 7] as [UInt64] {
            let proof = try StateTree.prove(key, at: version, in: second.database.now).proof
            let root = try StateTree.root(at: version, in: second.database.now)
            #expect(proof.verify(root: root, key: key, value: value))
        }
    }

    @Test("a snapshot of another chain, or of another header, is refused")
    func refusals() throws {
        let (_, _, reader) = try snapshot(blocks: 2)
        #expect(throws: StorageError.self) {
            try imported(reader, try SoloChain.genesis("other"), to: scratch.file("joined"))
        }
        let target = try StateImport(path: scratch.file("empty"))
        #expect(throws: StorageError.self) {
            try target.finish(try reader.lightBlock(), genesis: try SoloChain.genesis())
        }
    }

    @Test("a half-byte path is told the keys below it and no others")
    func paths() throws {
        let (_, _, reader) = try snapshot(blocks: 40)
        guard case .entries(let all)? = try reader.part(below: .root) else {
            Issue.record("a small state is one part")
            return
        }
        var told = 0
        for first in 0..<16 {
            let path = NibblePath.root.appending(first)
            guard case .entries(let entries)? = try reader.part(below: path) else { continue }
            told += entries.count
            #expect(entries.allSatisfy { path.isPrefix(of: TreeHash.key($0.key)) })
            for second in 0..<16 {
                let below = path.appending(second)
                let expected = entries.filter { below.isPrefix(of: TreeHash.key($0.key)) }
                let part = try reader.part(below: below)
                #expect(part == (expected.isEmpty ? nil : .entries(expected)))
            }
        }
        #expect(told == all.count)
    }

    @Test("the latest snapshots are kept, and what a crash left unfinished is removed")
    func upkeep() throws {
        var chain = try SoloChain(path: scratch.file("chain"))
        let store = try SnapshotStore(directory: scratch.file("snapshots"))
        for byte in UInt8(1)...3 {
            try chain.pay(to: byte)
            try store.capture(chain.database, at: Height(UInt64(byte)))
            #expect(try store.finish(Height(UInt64(byte))))
        }
        #expect(try !store.finish(Height(9)))
        // A checkpoint that shows another block than it should.
        try store.capture(chain.database, at: Height(8))
        #expect(try !store.finish(Height(8)))
        try store.prune(keeping: 2)
        #expect(try store.heights() == [Height(2), Height(3)])
        #expect(try store.reader(at: Height(1)) == nil)
        let again = try SnapshotStore(directory: scratch.file("snapshots"))
        #expect(try again.heights() == [Height(2), Height(3)])
        #expect(try again.reader(at: Height(3))?.lightBlock().height == Height(3))
        try again.remove(Height(3))
        #expect(try again.heights() == [Height(2)])
    }
}
