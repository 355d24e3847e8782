import Primitives
import Replica
import Testing

@Suite("Block sync")
struct BlockSyncTests {
    private func peer(_ number: UInt8) throws -> PeerID {
        PeerID(try #require(PublicKey([UInt8](repeating: number, count: 32))))
    }

    private func sync(_ claims: [(UInt8, UInt64)]) throws -> BlockSync {
        var sync = BlockSync()
        for (number, claim) in claims {
            sync.connect(try peer(number))
            sync.note(claim: Height(claim), of: try peer(number))
        }
        return sync
    }

    private func asked(_ sync: inout BlockSync, tip: Height, goal: Height) throws
        -> BlockSync.Request
    {
        let request = sync.ask(tip: tip, goal: goal)
        return try #require(request)
    }

    @Test("blocks are asked for in order, a bounded number at a time, one request at once")
    func asks() throws {
        var sync = try sync([(1, 100)])
        let request = try asked(&sync, tip: Height(4), goal: Height(5))
        #expect(request.first == Height(5))
        #expect(request.count == ReplicaMessage.blockRequestLimit)
        let none = sync.ask(tip: Height(4), goal: Height(5))
        #expect(none == nil)
        let taken = sync.accept(Height(6), from: try peer(1))
        #expect(!taken)
        for height in 5..<UInt64(5 + ReplicaMessage.blockRequestLimit) {
            let taken = sync.accept(Height(height), from: try peer(1))
            #expect(taken)
        }
        #expect(sync.request == nil)
    }

    @Test("nobody is asked who claims no more than we have")
    func noNeed() throws {
        var sync = try sync([(1, 4), (2, 0)])
        let none = sync.ask(tip: Height(4), goal: Height(5))
        #expect(none == nil)
    }

    @Test("an absurd claim costs one timeout, and then the honest peer is asked")
    func absurdClaim() throws {
        var sync = try sync([(1, .max - 1), (2, 6)])
        let first = try asked(&sync, tip: Height(4), goal: Height(5))
        #expect(first.peer == (try peer(1)))
        let expired = sync.expire(first.number)
        #expect(expired)
        // The liar repeats its claim at once.
        sync.note(claim: Height(.max - 1), of: try peer(1))
        let second = try asked(&sync, tip: Height(4), goal: Height(5))
        #expect(second.peer == (try peer(2)))
        #expect(second.count == 2)
    }

    @Test("a claim that falls below what was asked ends the request at once")
    func fallingClaim() throws {
        var sync = try sync([(1, 10), (2, 10)])
        let first = try asked(&sync, tip: Height(4), goal: Height(5))
        sync.note(claim: Height(3), of: first.peer)
        #expect(sync.request == nil)
        let second = try asked(&sync, tip: Height(4), goal: Height(5))
        #expect(second.peer != first.peer)
    }

    @Test("a flapping claim never keeps the node from the honest peer for more than one request")
    func flappingClaim() throws {
        var sync = try sync([(1, 50), (2, 50)])
        var honest = 0
        for attempt in UInt64(0)..<10 {
            sync.note(claim: Height(50 + attempt % 2 * 1_000), of: try peer(1))
            sync.note(claim: Height(50), of: try peer(2))
            let request = try asked(&sync, tip: Height(4), goal: Height(5))
            if request.peer == (try peer(2)) {
                honest += 1
                for height in request.first.value..<request.first.value + UInt64(request.count) {
                    let taken = sync.accept(Height(height), from: request.peer)
                    #expect(taken)
                }
            } else {
                _ = sync.expire(request.number)
            }
        }
        #expect(honest == 9)
    }

    @Test("a timer of an older request changes nothing")
    func staleTimer() throws {
        var sync = try sync([(1, 10)])
        let first = try asked(&sync, tip: Height(4), goal: Height(5))
        sync.disconnect(first.peer)
        let expired = sync.expire(first.number)
        #expect(!expired)
        #expect(sync.request == nil)
    }

    @Test("a peer whose block was bad loses its claim and its turn")
    func reject() throws {
        var sync = try sync([(1, 10), (2, 10)])
        let first = try asked(&sync, tip: Height(4), goal: Height(5))
        sync.reject(first.peer)
        sync.note(claim: Height(10), of: first.peer)
        let second = try asked(&sync, tip: Height(4), goal: Height(5))
        #expect(second.peer != first.peer)
    }
}
