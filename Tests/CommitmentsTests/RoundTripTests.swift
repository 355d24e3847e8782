import Commitments
import Cryptography
import Primitives
import TestSupport
import Testing

@Suite("Commitments: encoding") struct RoundTripTests {
    private func address(_ byte: UInt8) throws -> Address {
        try #require(Address(Array(repeating: byte, count: 20)))
    }

    @Test("every format reads back what it wrote, and refuses every shorter prefix")
    func roundTrips() throws {
        let digest = artifactID(of: [1, 2, 3])
        let receipt = InferenceReceipt(
            channel: digest,
            sequence: 7,
            adapter: digest,
            prompt: [1, 2],
            completion: [3],
            maxTokens: 9,
            fee: Amount(tokens: 3)
        )
        let attribution = try #require(
            QueryAttribution(
                receipt: receipt.digest,
                fee: receipt.fee,
                scores: digest,
                shares: [
                    ContributorShare(contributor: try address(2), weight: -5),
                    ContributorShare(contributor: try address(1), weight: 9),
                ]
            )
        )
        let leaf = SnapshotLeaf(
            recordHash: digest,
            contribution: 1,
            row: 2,
            contributor: try address(3),
            cluster: 4,
            flags: [.nearDuplicate]
        )
        try check(DataRecord(prompt: [65], completion: [66, 67]))
        try check(leaf)
        try check(receipt)
        try check(receipt.summary)
        try check(attribution)
        try check(Verdict.invalid(unit: 4, expected: digest))
        try check(Verdict.valid)
        try check(Verdict.unavailable)
        try check(JobKind.inference)
        try check(ArtifactManifest(of: [9, 9]))
        try check(CommittedList([leaf, leaf]))
        #expect(attribution.shares.map(\.weight) == [9, -5], "shares are sorted by contributor")
    }

    private func check<Value: BorshCodable & Equatable>(_ value: Value) throws {
        let bytes = value.borshBytes
        #expect(try Value(borsh: bytes) == value)
        #expect(throws: BorshError.self) { try Value(borsh: bytes + [0]) }
        for count in 0..<bytes.count {
            #expect(throws: BorshError.self) { try Value(borsh: Array(bytes.prefix(count))) }
        }
    }

    @Test("a record over 64 KiB is refused")
    func longRecord() throws {
        var writer = BorshWriter()
        writer.writeBytes(Array(repeating: 0, count: DataRecord.byteLimit))
        writer.writeBytes([1])
        #expect(throws: BorshError.self) { try DataRecord(borsh: writer.bytes) }
    }

    @Test("flags without a meaning are refused")
    func unknownFlags() {
        #expect(throws: BorshError.self) { try ScreeningFlags(borsh: [0, 0x80]) }
    }

    @Test("an unknown job kind is refused")
    func unknownKind() {
        #expect(throws: BorshError.tagOutOfRange(offset: 0, tag: 5)) { try JobKind(borsh: [5]) }
    }

    @Test("weights beyond the scale, or contributors twice, are refused")
    func badShares() throws {
        let one = ContributorShare(contributor: try address(1), weight: ContributorShare.scale)
        let other = ContributorShare(contributor: try address(2), weight: -1)
        let make = { (shares: [ContributorShare]) in
            QueryAttribution(receipt: .zero, fee: .zero, scores: .zero, shares: shares)
        }
        #expect(make([one]) != nil)
        #expect(make([one, other]) == nil)
        #expect(make([other, other]) == nil)
        let extreme = ContributorShare(contributor: try address(1), weight: .min)
        #expect(make([extreme]) == nil)
    }
}
