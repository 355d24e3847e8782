import LightClient
import Primitives
import Replica
import StateTree
import Testing

@Suite("State sync") struct StateSyncTests {
    /// Everything arrived, once, and makes the header's root.
    private func expectWhole(_ scene: SnapshotScene) throws {
        #expect(scene.failure == nil)
        let block = try #require(scene.finished)
        #expect(block.height.value == SnapshotScene.height)
        #expect(scene.written.count == scene.entries.count)
        let store = SceneNodes(nodes: scene.nodes)
        #expect(try StateTree.root(at: SnapshotScene.height, in: store) == scene.stateRoot)
    }

    private func reported(_ scene: SnapshotScene) throws -> Set<Int> {
        var numbers: Set<Int> = []
        for (peer, _) in scene.reports {
            for number in scene.behaviours.indices where try SnapshotScene.peer(number) == peer {
                numbers.insert(number)
            }
        }
        return numbers
    }

    @Test("a node joins from one honest peer, and from several")
    func honest() throws {
        for count in 1...4 {
            let scene = try SnapshotScene(.init(repeating: .honest, count: count))
            try scene.run()
            try expectWhole(scene)
            #expect(scene.reports.isEmpty && scene.begun.count == 1)
        }
    }

    @Test("one honest peer is enough among liars of every kind, in any order")
    func liars() throws {
        let liars: [SnapshotScene.Behaviour] = [
            .wrongParts, .gaps, .silent, .inventedHeaders, .absurdOffer, .slow(1_500), .plain,
        ]
        for turn in liars.indices {
            let order = Array(liars[turn...] + liars[..<turn]) + [.honest]
            let scene = try SnapshotScene(order)
            try scene.run()
            try expectWhole(scene)
            for number in try reported(scene) {
                switch order[number] {
                case .wrongParts, .gaps, .inventedHeaders: break
                default: Issue.record("an honest or merely slow peer was reported")
                }
            }
        }
    }

    @Test("whoever gives a wrong part is asked once too often and never again")
    func wrongParts() throws {
        let scene = try SnapshotScene([.wrongParts, .honest])
        try scene.run()
        try expectWhole(scene)
        #expect(try reported(scene) == [0])
        #expect(scene.reports.count <= StateSyncLimits.inFlight)
    }

    @Test("with liars only, the join ends with a reason before the deadline")
    func liarsOnly() throws {
        let scene = try SnapshotScene([.wrongParts, .gaps, .inventedHeaders])
        try scene.run()
        #expect(scene.finished == nil && scene.failure == .offersExhausted)
        #expect(scene.failure?.description.isEmpty == false)
    }

    @Test("without offers the join ends with that reason")
    func noOffers() throws {
        for behaviours in [[], [SnapshotScene.Behaviour.plain]] {
            let scene = try SnapshotScene(behaviours)
            scene.give(.timer(.choose), after: 0)
            try scene.run()
            #expect(scene.failure == .noOffers)
        }
    }

    @Test("the deadline ends a join that is too slow")
    func deadline() throws {
        let scene = try SnapshotScene([.slow(1_900)], deadline: 8_000)
        let begin = scene.clock
        try scene.run()
        guard case .deadline = scene.failure else {
            Issue.record("\(String(describing: scene.failure))")
            return
        }
        #expect(scene.clock == begin + 8_000)
    }

    @Test("trust that is too old ends the join at once")
    func expired() throws {
        let scene = try SnapshotScene([.honest], age: LightClientRules.defaultTrustPeriod + 60_000)
        try scene.run()
        guard case .trust(.trustExpired) = scene.failure else {
            Issue.record("\(String(describing: scene.failure))")
            return
        }
    }

    @Test("a checkpoint is trusted instead of the genesis, and a peer has to show its block")
    func checkpoint() throws {
        let scene = try SnapshotScene([.inventedHeaders, .silent, .honest], checkpoint: 12)
        try scene.run()
        try expectWhole(scene)
        #expect(try reported(scene).isSubset(of: [0]))
    }

    @Test("two signed chains end the join with evidence: nobody joins either by chance")
    func fork() throws {
        let scene = try SnapshotScene([.honest, .forked, .honest])
        try scene.run()
        guard case .conflict(let conflict) = scene.failure else {
            Issue.record("\(String(describing: scene.failure))")
            return
        }
        #expect(conflict.duplicateVotes.count == 4)
    }

    @Test("a provider that leaves is replaced, and one that comes later helps")
    func comingAndGoing() throws {
        let scene = try SnapshotScene([.slow(300), .honest])
        scene.give(.disconnected(try SnapshotScene.peer(1)), after: 1_100)
        scene.give(.connected(try SnapshotScene.peer(1)), after: 2_000)
        try scene.run()
        try expectWhole(scene)
    }
}

enum StateSyncLimits {
    /// Questions that a liar may have had under way when it was found out.
    static let inFlight = 3
}

struct SceneNodes: NodeStore {
    let nodes: [NodeKey: TreeNode]
    func node(_ key: NodeKey) -> TreeNode? { nodes[key] }
}
