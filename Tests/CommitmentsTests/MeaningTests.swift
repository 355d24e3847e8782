import Commitments
import Cryptography
import Primitives
import TestSupport
import Testing

@Suite("Commitments: meaning") struct MeaningTests {
    @Test("pinned digests do not move")
    func golden() throws {
        let contributor = try #require(Address(Array(repeating: 7, count: 20)))
        #expect(
            Hex.encode(DataRecord(prompt: [65], completion: [66]).borshBytes)
                == "01000000410100000042"
        )
        let digests = [
            DataRecord(prompt: [65], completion: [66]).hash,
            artifactID(of: []),
            artifactID(of: Array(repeating: 1, count: ArtifactManifest.chunkBytes + 1)),
            ContributionCommitment.digest(root: .zero, salt: .zero, contributor: contributor),
            Verdict.valid.commitment(
                claim: .zero,
                trace: .zero,
                salt: .zero,
                validator: contributor
            ),
        ]
        #expect(
            digests.map { Hex.encode($0.bytes.prefix(8)) } == [
                "9dd42908d91eb4c1", "3ad34ae80be3e3e9", "293296308b3ef022", "f435f2281a45cb8d",
                "58806981c5c199f2",
            ]
        )
    }

    @Test("a receipt's digest follows from its summary, and from every field")
    func summary() {
        let receipt = { (sequence: UInt64, prompt: [UInt32], fee: UInt64) in
            InferenceReceipt(
                channel: .zero,
                sequence: sequence,
                adapter: .zero,
                prompt: prompt,
                completion: [1],
                maxTokens: 4,
                fee: Amount(tokens: fee)
            )
        }
        let base = receipt(1, [2, 3], 5)
        #expect(base.digest == base.summary.digest)
        #expect(base.digest != receipt(2, [2, 3], 5).digest)
        #expect(base.digest != receipt(1, [2], 5).digest)
        #expect(base.digest != receipt(1, [2, 3], 6).digest)
    }

    @Test("a near duplicate is accepted, an exact one is not")
    func accepted() {
        let leaf = { (flags: ScreeningFlags) in
            SnapshotLeaf(
                recordHash: .zero,
                contribution: 0,
                row: 0,
                contributor: .zero,
                cluster: 0,
                flags: flags
            )
        }
        #expect(leaf([]).isAccepted)
        #expect(leaf([.nearDuplicate]).isAccepted)
        #expect(!leaf([.exactDuplicate]).isAccepted)
        #expect(!leaf([.nearDuplicate, .tooLong]).isAccepted)
    }

    @Test("each chunk is checked alone, and only in its own place")
    func chunks() {
        var bytes = Array(repeating: UInt8(1), count: ArtifactManifest.chunkBytes)
        bytes += [2, 3]
        let manifest = ArtifactManifest(of: bytes)
        let first = Array(bytes.prefix(ArtifactManifest.chunkBytes))
        #expect(manifest.chunks.count == 2)
        #expect(manifest.accepts(first, asChunk: 0))
        #expect(manifest.accepts([2, 3], asChunk: 1))
        #expect(!manifest.accepts([2, 4], asChunk: 1))
        #expect(!manifest.accepts([2, 3], asChunk: 0))
        #expect(!manifest.accepts([], asChunk: 2))
        #expect(ArtifactManifest(length: 3, chunks: []) == nil)
        #expect(ArtifactManifest(length: .max, chunks: []) == nil)
    }

    @Test("a voucher holds for its own chain, channel, amount and key only")
    func voucher() throws {
        let key = try SigningKey(seed: Array(repeating: 1, count: 32))
        let other = try SigningKey(seed: Array(repeating: 2, count: 32))
        let chain = try #require(ChainID("test-1"))
        let fork = try #require(ChainID("test-2"))
        let amount = Amount(tokens: 3)
        let message = Voucher.signBytes(chain: chain, channel: .zero, cumulative: amount)
        let voucher = Voucher(
            channel: .zero,
            cumulative: amount,
            signature: key.sign(message)
        )
        #expect(voucher.isSigned(by: key.publicKey, chain: chain))
        #expect(!voucher.isSigned(by: other.publicKey, chain: chain))
        #expect(!voucher.isSigned(by: key.publicKey, chain: fork))
        let more = Voucher(
            channel: .zero,
            cumulative: Amount(tokens: 4),
            signature: voucher.signature
        )
        #expect(!more.isSigned(by: key.publicKey, chain: chain))
    }

    @Test("a hidden verdict cannot be another validator's, nor about another claim")
    func verdict() throws {
        let one = try #require(Address(Array(repeating: 1, count: 20)))
        let two = try #require(Address(Array(repeating: 2, count: 20)))
        let claim = artifactID(of: [1])
        let base = Verdict.valid.commitment(
            claim: claim,
            trace: .zero,
            salt: .zero,
            validator: one
        )
        #expect(
            base
                != Verdict.valid.commitment(
                    claim: claim,
                    trace: .zero,
                    salt: .zero,
                    validator: two
                )
        )
        #expect(
            base
                != Verdict.valid.commitment(
                    claim: .zero,
                    trace: .zero,
                    salt: .zero,
                    validator: one
                )
        )
        #expect(
            base
                != Verdict.valid.commitment(
                    claim: claim,
                    trace: claim,
                    salt: .zero,
                    validator: one
                )
        )
        #expect(
            base
                != Verdict.unavailable.commitment(
                    claim: claim,
                    trace: .zero,
                    salt: .zero,
                    validator: one
                )
        )
    }
}
