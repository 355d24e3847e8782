import Foundation
import Ledger
import Primitives
import Storage
import Testing

@Suite("Pruning")
struct PruningTests {
    let scratch = ScratchDirectory()
    private var path: String { scratch.file("db") }

    private var bytes: Int {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        return names.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }

    @Test("old blocks go with everything that points to them, and the others stay")
    func blocks() throws {
        var chain = try SoloChain(path: path, retention: Retention(states: 20, blocks: 100))
        var ids: [Digest] = []
        for index in 0..<130 { ids.append(try chain.pay(to: UInt8(index % 200 + 1))) }
        let now = chain.database.now
        let first = try now.earliestBlock()
        #expect(first == Height(31))
        for height in UInt64(1)...130 {
            let isKept = Height(height) >= first
            #expect((try now.block(at: Height(height)) != nil) == isKept)
            #expect((try now.events(at: Height(height)).isEmpty) == !isKept)
            let hash = chain.committed[Int(height) - 1].tip.hash
            #expect((try now.height(ofBlock: hash) != nil) == isKept)
            #expect((try now.place(of: ids[Int(height) - 1]) != nil) == isKept)
        }
        #expect(try now.earliestVersion() == 110)
    }

    @Test("pruning on demand leaves what it is told, at any time, and the chain goes on")
    func onDemand() throws {
        var chain = try SoloChain(path: path)
        for index in 0..<150 { try chain.pay(to: UInt8(index % 200 + 1)) }
        let all = try chain.database.prune(to: .archive)
        #expect(all.earliestBlock == Height(1) && all.earliestState == 0)
        let pruned = try chain.database.prune(to: Retention(states: 10, blocks: 1))
        #expect(pruned.earliestBlock == Height(51), "fewer than 100 count as 100")
        #expect(pruned.earliestState == 140)
        try chain.pay(to: 3)
        #expect(try chain.database.now.tip().height == Height(151))
    }

    @Test("a copy made while the chain goes on opens, and ends where the chain was")
    func checkpoint() throws {
        var chain = try SoloChain(path: path)
        for index in 0..<5 { try chain.pay(to: UInt8(index + 1)) }
        let copy = scratch.file("copy")
        try chain.database.checkpoint(into: copy)
        #expect(throws: StorageError.self) { try chain.database.checkpoint(into: copy) }
        try chain.pay(to: 9)
        let opened = try Database(path: copy, genesis: chain.genesis)
        #expect(try opened.now.tip().height == Height(5))
        #expect(try opened.now.block(at: Height(5)) != nil)
        #expect(try chain.database.now.tip().height == Height(6))
    }

    /// `OPENLEDGER_PRUNING=50000` runs as many blocks and prints the size of the disk on the way;
    /// unset it is enough to see that it does not grow.
    @Test("the disk of a pruned node stops growing")
    func isFlat() throws {
        let variable = ProcessInfo.processInfo.environment["OPENLEDGER_PRUNING"]
        let blocks = variable.flatMap { Int($0) } ?? 1_200
        let retention = Retention(states: 100, blocks: 100)
        var chain = try SoloChain(
            path: path,
            genesis: SoloChain.genesis(funds: 1_000_000),
            retention: retention
        )
        var sizes: [Int] = []
        for index in 0..<blocks {
            try chain.pay(to: UInt8(index % 250 + 1))
            guard (index + 1) % (blocks / 10) == 0 else { continue }
            if variable == nil { _ = try chain.database.prune(to: retention) }
            sizes.append(bytes)
            if variable != nil { print("pruning: \(index + 1) blocks, \(bytes) bytes") }
        }
        let (early, late) = (sizes[4], sizes[9])
        #expect(late < early + early / 4, "\(sizes)")
    }
}
