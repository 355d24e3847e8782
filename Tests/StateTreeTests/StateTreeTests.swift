import Primitives
import StateTree
import TestSupport
import Testing

@Suite("State tree") struct StateTreeTests {
    @Test("any history gives the root of its content, and leaves no node behind", arguments: 0..<24)
    func histories(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var store = MemoryNodeStore()
        var model: [Digest: Digest] = [:]
        let universe = keys(&generator, sharedBits: [0, 3, 8, 17, 60, 250][Int(seed % 6)])
        var base: UInt64?
        var oldRoot = Digest.zero
        for version in UInt64(1)...30 {
            let changes = batch(&generator, from: universe)
            for change in changes { model[change.keyHash] = change.valueHash }
            let update = try StateTree.apply(sorted: changes, at: base, to: version, in: store)
            #expect(update.root == NaiveTree.root(model))
            #expect(update.newNodes.allSatisfy { $0.key.version == version })
            store.insert(update)
            #expect(try StateTree.root(at: version, in: store) == update.root)
            if let base { #expect(try StateTree.root(at: base, in: store) == oldRoot) }
            store.drop(stale: update.stale)
            #expect(try reachable(.root(version), in: store).count == store.count)
            base = version
            oldRoot = update.root
        }
    }

    @Test("keys and their values are proved, and so is the absence of every other key")
    func proofs() throws {
        for seed in UInt64(0)..<12 {
            var generator = SeededGenerator(seed: 100 + seed)
            let universe = keys(&generator, sharedBits: [0, 5, 64, 252][Int(seed % 4)])
            let present = universe.filter { _ in Bool.random(using: &generator) }
            let changes = present.map { LeafChange(keyHash: $0, valueHash: digest(&generator)) }
            var store = MemoryNodeStore()
            let update = try StateTree.apply(sorted: changes, at: nil, to: 1, in: store)
            store.insert(update)
            let values = Dictionary(
                uniqueKeysWithValues: changes.map { ($0.keyHash, $0.valueHash) }
            )
            for key in universe {
                let (value, proof) = try StateTree.prove(keyHash: key, at: 1, in: store)
                #expect(value == values[key] ?? nil)
                #expect(proof.verify(root: update.root, keyHash: key, valueHash: value))
                #expect(try StateProof(borsh: proof.borshBytes) == proof)
                let other = TreeHash.value([99])
                #expect(!proof.verify(root: update.root, keyHash: key, valueHash: other))
                #expect(!proof.verify(root: other, keyHash: key, valueHash: value))
                if value != nil {
                    #expect(!proof.verify(root: update.root, keyHash: key, valueHash: nil))
                }
            }
        }
    }

    @Test("no proof of one key says anything false about another")
    func crossedProofs() throws {
        var generator = SeededGenerator(seed: 7)
        let universe = keys(&generator, sharedBits: 9)
        let present = universe.filter { _ in Bool.random(using: &generator) }
        let changes = present.map { LeafChange(keyHash: $0, valueHash: digest(&generator)) }
        var store = MemoryNodeStore()
        let update = try StateTree.apply(sorted: changes, at: nil, to: 1, in: store)
        store.insert(update)
        let values = Dictionary(uniqueKeysWithValues: changes.map { ($0.keyHash, $0.valueHash) })
        for key in universe {
            let (_, proof) = try StateTree.prove(keyHash: key, at: 1, in: store)
            for other in universe {
                let isAbsent = values[other] == nil
                #expect(
                    !proof.verify(root: update.root, keyHash: other, valueHash: nil) || isAbsent
                )
                for value in values.values.prefix(8) where values[other] != value {
                    #expect(!proof.verify(root: update.root, keyHash: other, valueHash: value))
                }
            }
        }
    }

    @Test("a proof with any byte changed is refused or says the same")
    func tampering() throws {
        var generator = SeededGenerator(seed: 8)
        let changes = keys(&generator, sharedBits: 0).map {
            LeafChange(keyHash: $0, valueHash: digest(&generator))
        }
        var store = MemoryNodeStore()
        let update = try StateTree.apply(sorted: changes, at: nil, to: 1, in: store)
        store.insert(update)
        let key = changes[11].keyHash
        let (value, proof) = try StateTree.prove(keyHash: key, at: 1, in: store)
        let bytes = proof.borshBytes
        for offset in bytes.indices {
            var changed = bytes
            changed[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            guard let forged = try? StateProof(borsh: changed) else { continue }
            #expect(!forged.verify(root: update.root, keyHash: key, valueHash: value))
            #expect(!forged.verify(root: update.root, keyHash: key, valueHash: nil))
        }
        let short = StateProof(leaf: proof.leaf, siblings: proof.siblings.dropLast())
        #expect(!short.verify(root: update.root, keyHash: key, valueHash: value))
        let long = StateProof(leaf: proof.leaf, siblings: proof.siblings + [.zero])
        #expect(!long.verify(root: update.root, keyHash: key, valueHash: value))
        let endless = StateProof(
            leaf: proof.leaf,
            siblings: [Digest](repeating: .zero, count: 257)
        )
        #expect(!endless.verify(root: update.root, keyHash: key, valueHash: value))
    }

    @Test("a version without changes copies one node and keeps the root")
    func noChanges() throws {
        var store = MemoryNodeStore()
        let first = try StateTree.apply([([1], [2]), ([3], [4])], at: nil, to: 1, in: store)
        store.insert(first)
        let second = try StateTree.apply([], at: 1, to: 5, in: store)
        #expect(second.root == first.root)
        #expect(second.newNodes.map(\.key) == [.root(5)])
        #expect(second.stale == [.root(1)])
        store.insert(second)
        let same = try StateTree.apply([([1], [2]), ([9], nil)], at: 5, to: 6, in: store)
        #expect(same.root == first.root && same.newNodes.count == 1)
    }

    @Test("the empty map has the zero root, and proves every absence")
    func emptyMap() throws {
        var store = MemoryNodeStore()
        store.insert(try StateTree.apply([], at: nil, to: 0, in: store))
        let (value, proof) = try StateTree.prove([1], at: 0, in: store)
        #expect(value == nil && proof.verify(root: .zero, key: [1], value: nil))
        store.insert(try StateTree.apply([([1], [2])], at: 0, to: 1, in: store))
        #expect(!proof.verify(root: try StateTree.root(at: 1, in: store), key: [1], value: nil))
        let update = try StateTree.apply([([1], nil)], at: 1, to: 2, in: store)
        #expect(update.root == .zero)
    }

    @Test("the public form hashes keys and values")
    func publicForm() throws {
        var store = MemoryNodeStore()
        let update = try StateTree.apply([([2], [20]), ([1], [10])], at: nil, to: 1, in: store)
        store.insert(update)
        let (valueHash, proof) = try StateTree.prove([1], at: 1, in: store)
        #expect(valueHash == TreeHash.value([10]))
        #expect(proof.verify(root: update.root, key: [1], value: [10]))
        #expect(!proof.verify(root: update.root, key: [1], value: [11]))
        #expect(!proof.verify(root: update.root, key: [2], value: [10]))
    }

    @Test("a repeated key, a version that does not advance and a missing node are errors")
    func errors() throws {
        var store = MemoryNodeStore()
        #expect(throws: StateTreeError.repeatedKey([1])) {
            try StateTree.apply([([1], [2]), ([1], nil)], at: nil, to: 1, in: store)
        }
        #expect(throws: StateTreeError.missingNode(.root(4))) {
            try StateTree.apply([], at: 4, to: 5, in: store)
        }
        store.insert(try StateTree.apply([], at: nil, to: 5, in: store))
        #expect(throws: StateTreeError.versionNotAfter(base: 5, new: 5)) {
            try StateTree.apply([], at: 5, to: 5, in: store)
        }
        #expect(throws: StateTreeError.missingNode(.root(6))) {
            try StateTree.root(at: 6, in: store)
        }
    }

    /// Key hashes that share their first bits, so that they meet deep in the tree.
    private func keys(_ generator: inout SeededGenerator, sharedBits: Int) -> [Digest] {
        let shared = generator.bytes(32)
        var keys: Set<Digest> = []
        while keys.count < 40 {
            var bytes = generator.bytes(32)
            // A few keys leave the group, so that it can empty and its last leaf rise.
            let own = UInt8.random(in: 0..<8, using: &generator) == 0 ? 1 : sharedBits
            for bit in 0..<own {
                let mask = UInt8(0x80) >> (bit % 8)
                bytes[bit / 8] = bytes[bit / 8] & ~mask | shared[bit / 8] & mask
            }
            if let key = Digest(bytes) { keys.insert(key) }
        }
        return keys.sorted()
    }

    private func batch(
        _ generator: inout SeededGenerator,
        from universe: [Digest]
    ) -> [LeafChange] {
        let share = Int.random(in: 0...8, using: &generator)
        let deletions = Int.random(in: 0...8, using: &generator)
        return universe.compactMap { key in
            guard Int.random(in: 0..<8, using: &generator) < share else { return nil }
            let isDeleted = Int.random(in: 0..<8, using: &generator) < deletions
            return LeafChange(keyHash: key, valueHash: isDeleted ? nil : digest(&generator))
        }
    }

    /// One of a few values, so that some changes change nothing.
    private func digest(_ generator: inout SeededGenerator) -> Digest {
        TreeHash.value([UInt8.random(in: 0..<20, using: &generator)])
    }
}
