import Primitives
import StateTree
import TestSupport
import Testing

@Suite("State tree: assembly from parts") struct TreeAssemblyTests {
    /// A tree of `count` keys, and whatever its owner tells others of it.
    struct Served {
        let root: Digest
        let store: MemoryNodeStore
        /// Ascending by key hash.
        let entries: [TreePart.Entry]
        let hashes: [Digest]
        /// Entries in one part; beyond it the branches are told.
        let budget: Int

        init(count: Int, budget: Int) throws {
            self.budget = budget
            let all = (0..<count).map { number in
                TreePart.Entry(key: Array("key \(number)".utf8), value: [UInt8(number & 255)])
            }
            entries = all.sorted { TreeHash.key($0.key) < TreeHash.key($1.key) }
            hashes = entries.map { TreeHash.key($0.key) }
            var store = MemoryNodeStore()
            let update = try StateTree.apply(
                all.map { (key: $0.key, value: $0.value) },
                at: nil,
                to: 5,
                in: store
            )
            store.insert(update)
            self.store = store
            root = update.root
        }

        func part(_ path: NibblePath) throws -> TreePart {
            let own = zip(entries, hashes).filter { path.isPrefix(of: $0.1) }.map(\.0)
            guard own.count > budget else { return .entries(own) }
            return .branches(
                try #require(try StateTree.branches(below: path, at: 5, in: store))
            )
        }
    }

    @Test(
        "a tree is rebuilt node for node, whatever the size of the parts",
        arguments: [(1, 8), (2, 1), (17, 1), (300, 1), (300, 20), (300, 1_000), (2_000, 50)]
    )
    func rebuilt(count: Int, budget: Int) throws {
        let served = try Served(count: count, budget: budget)
        var assembly = TreeAssembly(root: served.root, version: 9)
        var store: [NodeKey: TreeNode] = [:]
        var entries = 0
        while let path = assembly.wanted.last {
            #expect(assembly.isWanted(path))
            let part = try TreePart(borsh: try served.part(path).borshBytes)
            if case .entries(let own) = part { entries += own.count }
            for (key, node) in try assembly.take(part, at: path) {
                #expect(key.version == 9 && store[key] == nil)
                store[key] = node
            }
        }
        #expect(assembly.isComplete && entries == count && assembly.entryCount == count)
        let rebuilt = TestNodes(nodes: store)
        #expect(try StateTree.root(at: 9, in: rebuilt) == served.root)
        #expect(store.count == served.store.count)
        for entry in served.entries {
            let (_, proof) = try StateTree.prove(entry.key, at: 9, in: rebuilt)
            #expect(proof.verify(root: served.root, key: entry.key, value: entry.value))
        }
        // The tree goes on from there as from any other version.
        let next = try StateTree.apply(
            [(key: Array("key 0".utf8), value: nil), (key: [1], value: [2])],
            at: 9,
            to: 10,
            in: rebuilt
        )
        let same = try StateTree.apply(
            [(key: Array("key 0".utf8), value: nil), (key: [1], value: [2])],
            at: 5,
            to: 10,
            in: served.store
        )
        #expect(next.root == same.root)
    }

    @Test("an empty tree wants nothing")
    func empty() {
        #expect(TreeAssembly(root: TreeHash.empty, version: 1).isComplete)
    }

    @Test("a changed, missing, added or misplaced entry is refused, and nothing changes")
    func lies() throws {
        let served = try Served(count: 300, budget: 40)
        var assembly = TreeAssembly(root: served.root, version: 9)
        _ = try assembly.take(try served.part(.root), at: .root)
        let path = try #require(assembly.wanted.last)
        guard case .entries(let honest) = try served.part(path) else {
            Issue.record("a part of entries was expected")
            return
        }
        var changed = honest
        changed[0] = .init(key: honest[0].key, value: [77, 77])
        let elsewhere = try #require(
            served.entries.first { !path.isPrefix(of: TreeHash.key($0.key)) }
        )
        let wanted = assembly.wanted
        let lies: [(TreePart, TreeAssembly.Refusal)] = [
            (.entries(changed), .wrongHash(path)),
            (.entries(Array(honest.dropLast())), .wrongHash(path)),
            (.entries([]), .wrongHash(path)),
            (.entries(honest.reversed()), .misplacedKey(path)),
            (.entries(honest + [honest[honest.count - 1]]), .misplacedKey(path)),
            (.entries([elsewhere]), .misplacedKey(path)),
            (.branches([]), .wrongHash(path)),
            (.branches([.init(nibble: 3, content: .subtree(served.root))]), .wrongHash(path)),
        ]
        for (lie, refusal) in lies {
            #expect(throws: refusal) { try assembly.take(lie, at: path) }
            #expect(assembly.wanted == wanted && assembly.entryCount == 0)
        }
        #expect(throws: TreeAssembly.Refusal.notWanted(.root)) {
            try assembly.take(try served.part(.root), at: .root)
        }
        #expect(try !assembly.take(.entries(honest), at: path).isEmpty)
        #expect(throws: TreeAssembly.Refusal.notWanted(path)) {
            try assembly.take(.entries(honest), at: path)
        }
    }

    @Test("a subtree cannot pass for a leaf, which would make its honest content unacceptable")
    func leafClaims() throws {
        let served = try Served(count: 300, budget: 1)
        var assembly = TreeAssembly(root: served.root, version: 9)
        guard case .branches(let branches) = try served.part(.root) else { return }
        let alone = TreeLeaf(keyHash: .zero, valueHash: branches[0].hash)
        #expect(throws: TreeAssembly.Refusal.self) {
            try assembly.take(
                .branches([.init(nibble: 0, content: .leaf(alone))]),
                at: .root
            )
        }
        // The leaf of another place.
        var moved = branches
        moved[0] = .init(
            nibble: branches[0].nibble,
            content: .leaf(TreeLeaf(keyHash: served.hashes[299], valueHash: .zero))
        )
        #expect(throws: TreeAssembly.Refusal.misplacedKey(.root)) {
            try assembly.take(.branches(moved), at: .root)
        }
    }

    @Test("branches have ascending half-bytes, and a part its limits")
    func formats() throws {
        let leaf = TreePart.Branch(nibble: 4, content: .subtree(TreeHash.empty))
        let twice = TreePart.branches([leaf, leaf]).borshBytes
        #expect(throws: BorshError.self) { try TreePart(borsh: twice) }
        #expect(throws: BorshError.self) { try TreePart(borsh: [2, 0, 0, 0, 0]) }
        let long = [UInt8](repeating: 1, count: TreePart.keyLimit + 1)
        let over = TreePart.entries([.init(key: long, value: [])]).borshBytes
        #expect(throws: BorshError.self) { try TreePart(borsh: over) }
    }
}

struct TestNodes: NodeStore {
    let nodes: [NodeKey: TreeNode]
    func node(_ key: NodeKey) -> TreeNode? { nodes[key] }
}
