import Commitments
import Cryptography
import Ledger
import Primitives

extension FuzzTarget {
    static func commitmentTargets() -> [FuzzTarget] {
        let record = DataRecord(prompt: Array("what".utf8), completion: Array("that".utf8))
        let receipt = InferenceReceipt(
            channel: .zero,
            sequence: 1,
            adapter: .zero,
            prompt: [1, 2],
            completion: [3],
            maxTokens: 4,
            fee: Amount(units: 5)
        )
        let share = ContributorShare(contributor: .zero, weight: -4)
        let attribution = QueryAttribution(
            receipt: .zero,
            fee: Amount(units: 5),
            scores: .zero,
            shares: [share]
        )
        return [
            .borsh("record", DataRecord.self, seeds: [record]),
            .borsh("receipt", InferenceReceipt.self, seeds: [receipt]),
            .borsh("manifest", ArtifactManifest.self, seeds: [ArtifactManifest(of: [1, 2, 3])]),
            .borsh("attribution", QueryAttribution.self, seeds: [attribution].compactMap { $0 }),
            .borsh("action", Action.self, seeds: [.unjail]),
            merkleTarget(),
        ]
    }

    /// Proofs about a list of seven: none may hold for an element that is elsewhere or nowhere.
    private static func merkleTarget() -> FuzzTarget {
        let tree = MerkleTree<ContentMerkle>(leaves: (0..<7).map { [UInt8($0)] })
        let seeds = (0..<7).map { tree.proof(ofLeaf: $0).borshBytes }
        return FuzzTarget(name: "merkle-proof", seeds: seeds) { bytes in
            guard let proof = try? MerkleProof<Digest>(borsh: bytes) else { return }
            precondition(proof.borshBytes == bytes, "a proof has two encodings")
            for leaf in UInt8(0)...8 {
                guard proof.verify(leaf: [leaf], root: tree.root, ContentMerkle.self) else {
                    continue
                }
                precondition(leaf < 7, "an element proved that is not there")
                precondition(proof.count != 7 || proof.index == leaf, "proved at another place")
            }
        }
    }
}
