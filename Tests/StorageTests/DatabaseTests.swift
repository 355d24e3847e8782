import Ledger
import Primitives
import Replica
import StateTree
import Storage
import Testing

@Suite("Chain database")
struct DatabaseTests {
    let scratch = ScratchDirectory()
    private var path: String { scratch.file("chain") }

    @Test("a new database holds the genesis, and its state tree has the tip's root")
    func genesis() throws {
        let genesis = try SoloChain.genesis()
        let database = try Database(path: path, genesis: genesis)
        let tip = try database.now.tip()
        #expect(tip.height == .genesis && tip.hash == genesis.hash)
        #expect(try StateTree.root(at: 0, in: database.now) == tip.stateRoot)
        #expect(try database.now.validators(at: Height(1)) == tip.validators)
        #expect(try database.now.validators(at: Height(2)) == nil)
        #expect(try database.now.stateValue(StateKey.chain) != nil)
    }

    @Test("a block is there in full after opening again, and can be asked for in every way")
    func commits() throws {
        var ids: [Digest] = []
        do {
            var chain = try SoloChain(path: path)
            for byte in UInt8(1)...5 { ids.append(try chain.pay(to: byte)) }
        }
        let chain = try SoloChain(path: path)
        let reader = chain.database.snapshot()
        let tip = try reader.tip()
        #expect(tip.height == Height(5))
        #expect(try StateTree.root(at: 5, in: reader) == tip.stateRoot)
        for (position, id) in ids.enumerated() {
            let height = Height(UInt64(position) + 1)
            let place = try #require(try reader.place(of: id))
            #expect(place.height == height && place.index == 0)
            let block = try #require(try reader.block(at: height))
            #expect(block.block.transactions.map(\.id) == [id])
            #expect(try reader.height(ofBlock: block.block.hash) == height)
            #expect(try reader.receipts(at: height).map(\.result) == [.ok])
            #expect(try reader.events(at: height).contains { $0.kind == .transfer })
            #expect(
                try block.certificate.verify(
                    set: #require(try reader.validators(at: height)),
                    chain: chain.genesis.chain
                ) == ()
            )
        }
        #expect(try reader.block(at: Height(6)) == nil)
        #expect(try reader.place(of: .zero) == nil)
    }

    @Test("a checkpoint is a database of its own, at the block at which it was taken")
    func checkpoint() throws {
        var chain = try SoloChain(path: path)
        for byte in UInt8(1)...3 { try chain.pay(to: byte) }
        let tip = try chain.database.now.tip()
        let copy = scratch.file("copy")
        try chain.database.checkpoint(into: copy)
        #expect(throws: StorageError.self) { try chain.database.checkpoint(into: copy) }
        try chain.pay(to: 4)
        var continued = try SoloChain(path: copy)
        #expect(try continued.database.now.tip() == tip)
        #expect(try StateTree.root(at: 3, in: continued.database.now) == tip.stateRoot)
        try continued.pay(to: 5)
        #expect(try continued.database.now.tip().height == Height(4))
    }

    @Test("every balance is proven against its block's state root, and an absent one as absent")
    func proofs() throws {
        var chain = try SoloChain(path: path)
        for byte in UInt8(1)...4 { try chain.pay(to: byte) }
        let reader = chain.database.now
        let root = try reader.tip().stateRoot
        for byte in UInt8(1)...6 {
            let address = try #require(Address([UInt8](repeating: byte, count: 20)))
            let key = StateKey.account(address)
            let value = try reader.stateValue(key)
            #expect((value != nil) == (byte <= 4))
            let proof = try StateTree.prove(key, at: 4, in: reader).proof
            #expect(proof.verify(root: root, key: key, value: value))
        }
    }

    @Test("events come in order, page by page")
    func events() throws {
        var chain = try SoloChain(path: path)
        for byte in UInt8(1)...6 { try chain.pay(to: byte) }
        let all = chain.committed.flatMap { block in
            block.events.enumerated().map { (block.height, UInt32($0.offset), $0.element) }
        }
        var found: [(Height, UInt32, Event)] = []
        var next: (Height, UInt32) = (.genesis, 0)
        while true {
            let page = try chain.database.now.events(from: next.0, index: next.1, limit: 2)
            guard let last = page.last else { break }
            found += page.map { ($0.height, $0.index, $0.event) }
            next = (last.height, last.index + 1)
        }
        #expect(found.count == all.count && !all.isEmpty)
        for (left, right) in zip(found, all) { #expect(left == right) }
    }

    @Test("a snapshot keeps showing one block while others are committed")
    func snapshots() throws {
        var chain = try SoloChain(path: path)
        try chain.pay(to: 1)
        let snapshot = chain.database.snapshot()
        let key = StateKey.account(try #require(Address([UInt8](repeating: 1, count: 20))))
        let before = try snapshot.stateValue(key)
        try chain.pay(to: 1)
        #expect(try snapshot.tip().height == Height(1))
        #expect(try snapshot.stateValue(key) == before)
        #expect(try chain.database.now.tip().height == Height(2))
        #expect(try chain.database.now.stateValue(key) != before)
    }

    @Test("the log lasts until its height is committed")
    func log() throws {
        do {
            var chain = try SoloChain(path: path)
            try chain.pay(to: 1)
            #expect(try chain.database.now.log().allSatisfy { $0.height > Height(1) })
            try chain.database.append(.started(Height(2)), sync: true)
        }
        do {
            let database = try Database(path: path, genesis: SoloChain.genesis())
            #expect(try database.now.log() == [.started(Height(2))])
            try database.append(.started(Height(3)), sync: true)
            #expect(try database.now.log() == [.started(Height(2)), .started(Height(3))])
        }
        var chain = try SoloChain(path: path)
        try chain.pay(to: 2)
        // Height 2 had been started, so it was finished first; the payment is in height 3.
        #expect(try chain.database.now.tip().height == Height(3))
        #expect(try chain.database.now.log().isEmpty)
    }

    @Test("old versions are dropped, the kept ones stay whole, and the tree stops growing")
    func pruning() throws {
        var chain = try SoloChain(path: path, retention: Retention(states: 5))
        for _ in 0..<30 { try chain.pay(to: 1) }
        let reader = chain.database.now
        #expect(try reader.earliestVersion() == 25)
        let key = StateKey.account(try #require(Address([UInt8](repeating: 1, count: 20))))
        for height in UInt64(25)...30 {
            let header = try #require(try reader.block(at: Height(height))).block.header
            let (hash, proof) = try StateTree.prove(key, at: height, in: reader)
            #expect(hash != nil)
            #expect(try StateTree.root(at: height, in: reader) == header.stateRoot)
            #expect(proof.siblings.count <= 256)
        }
        #expect(throws: StateTreeError.self) { try StateTree.root(at: 10, in: reader) }
    }

    @Test("a database of another chain or a gap in the heights is refused")
    func refusals() throws {
        do {
            var chain = try SoloChain(path: path)
            try chain.pay(to: 1)
            let again = try #require(chain.committed.first)
            #expect(throws: StorageError.wrongHeight(expected: 2, found: 1)) {
                try chain.database.commit(again)
            }
        }
        let other = try SoloChain.genesis("other")
        do {
            _ = try Database(path: path, genesis: other)
            Issue.record("the other chain was accepted")
        } catch StorageError.otherChain(_, let found, let expected) {
            #expect(found.contains("solo") && expected.contains("other"))
        }
    }
}
