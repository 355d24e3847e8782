import Primitives
import StateTree
import TestSupport
import Testing

@Suite("Stored nodes of the state tree") struct NodeFormatTests {
    @Test("node keys sort as their bytes do, versions first")
    func keyOrder() throws {
        var generator = SeededGenerator(seed: 1)
        let keys = (0..<200).map { _ in
            var path = NibblePath.root
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                path = path.appending(Int.random(in: 0..<16, using: &generator))
            }
            return NodeKey(
                version: UInt64.random(in: 0...700, using: &generator),
                path: path
            )
        }
        let byBytes = keys.sorted { $0.borshBytes.lexicographicallyPrecedes($1.borshBytes) }
        #expect(keys.sorted() == byBytes)
        for key in keys { #expect(try NodeKey(borsh: key.borshBytes) == key) }
        #expect(NodeKey.root(0x0102).borshBytes == [0, 0, 0, 0, 0, 0, 1, 2, 0])
    }

    @Test("a path longer than a key, or with bits beyond its end, is refused")
    func paths() {
        #expect(throws: BorshError.invalidValue(offset: 1, field: "nibble count")) {
            try NibblePath(borsh: [65])
        }
        #expect(throws: BorshError.invalidValue(offset: 2, field: "nibble padding")) {
            try NibblePath(borsh: [1, 0x12])
        }
    }

    @Test("a path is a prefix of exactly the hashes that begin with it")
    func prefixes() throws {
        let hash = try #require(Digest([0x12, 0x34] + [UInt8](repeating: 0, count: 30)))
        let path = NibblePath.root.appending(1).appending(2).appending(3)
        #expect(NibblePath.root.isPrefix(of: hash) && path.isPrefix(of: hash))
        #expect(!NibblePath.root.appending(2).isPrefix(of: hash))
        #expect(!path.appending(5).isPrefix(of: hash))
    }

    @Test("nodes round-trip, and impossible ones are refused")
    func nodes() throws {
        let leaf = TreeNode.leaf(TreeLeaf(keyHash: .zero, valueHash: .zero))
        let inner = TreeNode.inner(
            InnerNode(children: [
                .init(nibble: 3, version: 7, hash: .zero, isLeaf: true),
                .init(nibble: 15, version: 9, hash: .zero, isLeaf: false),
            ])
        )
        for node in [TreeNode.empty, leaf, inner] {
            #expect(try TreeNode(borsh: node.borshBytes) == node)
        }
        #expect(throws: BorshError.tagOutOfRange(offset: 0, tag: 3)) { try TreeNode(borsh: [3]) }
        #expect(throws: BorshError.invalidValue(offset: 5, field: "leaf bits")) {
            try TreeNode(borsh: [2, 1, 0, 2, 0])
        }
        #expect(throws: BorshError.invalidValue(offset: 5, field: "child bits")) {
            try TreeNode(borsh: [2, 1, 0, 1, 0])
        }
        #expect(throws: BorshError.invalidValue(offset: 5, field: "child bits")) {
            try TreeNode(borsh: [2, 0, 0, 0, 0])
        }
    }

    @Test("a leaf at a place where its key does not lead is an error, not a crash")
    func corruptStore() throws {
        struct Liar: NodeStore {
            func node(_ key: NodeKey) -> TreeNode? {
                key.path.count < 64
                    ? .inner(
                        InnerNode(
                            children: (0..<16).map {
                                .init(nibble: $0, version: 1, hash: .zero, isLeaf: false)
                            }
                        )
                    )
                    : .leaf(TreeLeaf(keyHash: .zero, valueHash: .zero))
            }
        }
        let key = try #require(Digest([UInt8](repeating: 0x77, count: 32)))
        #expect(throws: StateTreeError.self) {
            try StateTree.apply(
                sorted: [LeafChange(keyHash: key, valueHash: .zero)],
                at: 1,
                to: 2,
                in: Liar()
            )
        }
        #expect(throws: StateTreeError.self) {
            try StateTree.prove(keyHash: key, at: 1, in: Liar())
        }
    }
}
