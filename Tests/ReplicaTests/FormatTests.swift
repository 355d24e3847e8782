import Consensus
import Ledger
import Primitives
import Replica
import TestSupport
import Testing
import Voting

@Suite("Messages and log entries")
struct FormatTests {
    private let vote = SignedVote(
        vote: Vote(
            kind: .prevote,
            height: Height(3),
            round: Round(2),
            block: .zero,
            validator: ValidatorIndex(1)
        ),
        signature: .zero
    )

    @Test("lists take their limit and refuse one more")
    func limits() throws {
        func encoded(_ tag: UInt8, _ count: Int, _ element: [UInt8]) -> [UInt8] {
            var writer = BorshWriter()
            writer.write(tag)
            writer.writeLength(count)
            for _ in 0..<count { writer.writeRaw(element) }
            return writer.bytes
        }
        let cases: [(UInt8, Int, [UInt8])] = [
            (2, ReplicaMessage.voteLimit, vote.borshBytes),
            (3, ReplicaMessage.idLimit, Digest.zero.bytes),
            (4, ReplicaMessage.idLimit, Digest.zero.bytes),
        ]
        for (tag, limit, element) in cases {
            let whole = encoded(tag, limit, element)
            #expect(try ReplicaMessage(borsh: whole).borshBytes == whole)
            #expect(throws: BorshError.self) {
                try ReplicaMessage(borsh: encoded(tag, limit + 1, element))
            }
        }
        for (count, isGood) in [(UInt8(0), false), (1, true), (32, true), (33, false)] {
            let bytes = ReplicaMessage.requestBlocks(from: Height(5), count: count).borshBytes
            #expect(((try? ReplicaMessage(borsh: bytes)) != nil) == isGood)
        }
    }

    @Test("unknown tags are refused")
    func tags() {
        #expect(throws: BorshError.tagOutOfRange(offset: 0, tag: 8)) {
            try ReplicaMessage(borsh: [8])
        }
        #expect(throws: BorshError.tagOutOfRange(offset: 0, tag: 4)) { try WALEntry(borsh: [4]) }
    }

    @Test("log entries come back as they were written")
    func logEntries() throws {
        let entries: [WALEntry] = [
            .started(Height(3)), .vote(vote),
            .timeout(Timeout(kind: .precommit, height: Height(3), round: Round(1))),
        ]
        for entry in entries {
            #expect(try WALEntry(borsh: entry.borshBytes) == entry)
            #expect(entry.height == Height(3))
        }
    }

    @Test("marks tell which votes are there, and which are for something else")
    func marks() throws {
        func vote(_ block: Digest?, _ validator: Int) -> SignedVote {
            let vote = Vote(
                kind: .prevote,
                height: Height(3),
                round: .zero,
                block: block,
                validator: ValidatorIndex(UInt16(validator))
            )
            return SignedVote(vote: vote, signature: .zero)
        }
        var other = Digest.zero
        other[31] = 1
        let theirs: [SignedVote?] = [vote(.zero, 0), nil, vote(nil, 2), vote(other, 3), nil]
        let ours: [SignedVote?] = [vote(.zero, 0), vote(.zero, 1), vote(.zero, 2), nil, nil]
        var found: Set<[SignedVote]> = []
        for salt in 0..<UInt64(20) {
            let marks = ReplicaStatus.marks(theirs, salt: salt)
            #expect(marks.map { $0 == 0 } == [false, true, false, false, true])
            found.insert(ReplicaStatus.unheard(ours, in: marks, salt: salt))
        }
        #expect(found.contains([try #require(ours[1]), try #require(ours[2])]))
        #expect(found.count <= 2, "one salt in 255 hides a difference, and the next does not")
        let short = ReplicaStatus.unheard(ours, in: [], salt: 0)
        #expect(short.map(\.vote.validator.value) == [0, 1, 2])
    }

    @Test("random bytes never trap a decoder", arguments: UInt64(0)..<50)
    func randomBytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var bytes = generator.bytes(Int.random(in: 1..<300, using: &generator))
            bytes[0] %= 9
            if let message = try? ReplicaMessage(borsh: bytes) {
                #expect(message.borshBytes == bytes, "seed \(seed)")
            }
            if let entry = try? WALEntry(borsh: bytes) {
                #expect(entry.borshBytes == bytes, "seed \(seed)")
            }
        }
    }
}
