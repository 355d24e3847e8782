import Cryptography
import Ledger
import LightClient
import Primitives
import StateTree
import Voting

/// What a light client does for one adapter: its proof below a header, and the header itself.
struct LightBench {
    private static let keys = 1_000_000
    private static let repeats = 2_000

    func run() throws {
        let chain = try BenchChain()
        let rules = LightClientRules(chain: chain.genesis.chain)
        let key = StateKey.adapter(TreeHash.key([7]))
        // An adapter's entry has some 500 bytes.
        let value = [UInt8](repeating: 3, count: 512)
        var changes = (0..<Self.keys).map { number in
            LeafChange(
                keyHash: TreeHash.key(StateKey.account(BenchChain.account(number))),
                valueHash: TreeHash.value([1])
            )
        }
        changes.append(LeafChange(keyHash: TreeHash.key(key), valueHash: TreeHash.value(value)))
        changes.sort { $0.keyHash < $1.keyHash }
        var store = MemoryNodeStore()
        let update = try StateTree.apply(sorted: changes, at: nil, to: 1, in: store)
        store.insert(update)
        let bytes = try StateTree.prove(key, at: 1, in: store).proof.borshBytes
        let root = try TrustedHeader(genesis: chain.genesis)
        let blocks = try (2...UInt64(Self.repeats) + 1).map { height in
            try chain.block(
                Height(height),
                parent: .zero,
                stateRoot: update.root,
                time: chain.genesis.time + height
            ).borshBytes
        }
        var isHeld = true
        let proof = try seconds {
            for _ in 0..<Self.repeats {
                let proof = try StateProof(borsh: bytes)
                isHeld = proof.verify(root: update.root, key: key, value: value) && isHeld
            }
        }
        let whole = try seconds {
            for encoded in blocks {
                let block = try LightBlock(borsh: encoded)
                var walk = SkippingVerification(from: root, to: block.height, rules: rules)
                try walk.take(block, now: chain.genesis.time + 60_000)
                let proof = try StateProof(borsh: bytes)
                isHeld =
                    proof.verify(root: block.header.stateRoot, key: key, value: value) && isHeld
            }
        }
        guard isHeld else { throw BenchError.outcome("a proof does not hold") }
        report(
            "light client, one adapter",
            [
                ("keys", Double(Self.keys)), ("proofBytes", Double(bytes.count)),
                ("proofMicroseconds", proof / Double(Self.repeats) * 1e6),
                ("withHeaderMicroseconds", whole / Double(Self.repeats) * 1e6),
            ]
        )
    }
}
