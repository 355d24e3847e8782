import Primitives
import TestSupport
import Testing
import Voting

@Suite("Validator set")
struct ValidatorSetTests {
    private func validator(_ number: UInt8, power: UInt64 = 1) throws -> Validator {
        Validator(
            address: try #require(Address([UInt8](repeating: number, count: 20))),
            key: try #require(PublicKey([UInt8](repeating: number, count: 32))),
            power: power
        )
    }

    @Test("a set is sorted by key, and finds every key and no other")
    func order() throws {
        let set = try ValidatorSet([try validator(9), try validator(3), try validator(5)])
        #expect(set.validators.map { $0.key[0] } == [3, 5, 9])
        for (offset, member) in set.validators.enumerated() {
            #expect(set.index(of: member.key) == ValidatorIndex(UInt16(offset)))
        }
        #expect(set.index(of: try validator(4).key) == nil)
        #expect(set[ValidatorIndex(3)] == nil)
    }

    @Test("each defect of a set has its own refusal")
    func refusals() throws {
        let (one, two) = (try validator(1), try validator(2))
        #expect(throws: ValidatorSet.Failure.countOutOfRange(0)) { try ValidatorSet([]) }
        #expect(throws: ValidatorSet.Failure.zeroPower(one.key)) {
            try ValidatorSet([try validator(1, power: 0), two])
        }
        #expect(throws: ValidatorSet.Failure.repeatedKey(one.key)) { try ValidatorSet([one, one]) }
        let shared = Validator(address: one.address, key: two.key, power: 1)
        #expect(throws: ValidatorSet.Failure.repeatedAddress(one.address)) {
            try ValidatorSet([one, shared])
        }
        #expect(throws: ValidatorSet.Failure.totalOverLimit) {
            try ValidatorSet([try validator(1, power: ValidatorSet.totalLimit), two])
        }
    }

    @Test("128 validators are accepted and 129 refused")
    func countLimit() throws {
        let all = try (0...UInt8(128)).map { try validator($0) }
        #expect(try ValidatorSet(Array(all.dropLast())).count == 128)
        #expect(throws: ValidatorSet.Failure.countOutOfRange(129)) { try ValidatorSet(all) }
    }

    @Test("more than two thirds is a quorum, and no less")
    func quorum() throws {
        let set = try ValidatorSet([try validator(1, power: 3), try validator(2, power: 3)])
        #expect(!set.isQuorum(4))
        #expect(set.isQuorum(5))
        #expect(!set.hasHonest(2))
        #expect(set.hasHonest(3))
    }

    @Test("the encoding round-trips, and an unsorted list is refused")
    func encoding() throws {
        let set = try ValidatorSet([try validator(1), try validator(2, power: 7)])
        #expect(try ValidatorSet(borsh: set.borshBytes) == set)
        var writer = BorshWriter()
        writer.writeArray([try validator(2), try validator(1)])
        #expect(throws: BorshError.self) { try ValidatorSet(borsh: writer.bytes) }
    }

    @Test("different powers give different hashes")
    func hash() throws {
        let light = try ValidatorSet([try validator(1), try validator(2)])
        let heavy = try ValidatorSet([try validator(1), try validator(2, power: 2)])
        #expect(light.hash != heavy.hash)
    }
}

@Suite("Proposer schedule")
struct ProposerScheduleTests {
    private func counts(_ powers: [UInt64], slots: UInt64) -> [UInt64] {
        let schedule = ProposerSchedule(powers: powers)
        var counts = powers.map { _ in UInt64(0) }
        for height in 0..<slots {
            counts[Int(schedule.proposer(height: Height(height), round: .zero).value)] += 1
        }
        return counts
    }

    @Test(
        "over a cycle everyone proposes exactly in proportion to power",
        arguments: [[1], [1, 1], [1, 2, 3], [10, 20, 30, 40], [7, 1, 1, 1], [97, 2, 1]]
            as [[UInt64]]
    )
    func proportion(powers: [UInt64]) {
        let total = powers.reduce(0, +)
        #expect(counts(powers, slots: total) == powers)
    }

    @Test("equal powers take turns: no two slots of one cycle share a proposer")
    func equalPowers() {
        for count in 1...20 {
            let powers = [UInt64](repeating: 1_000, count: count)
            #expect(
                counts(powers, slots: UInt64(count)) == [UInt64](repeating: 1, count: count)
            )
        }
    }

    @Test("a failed round moves on to the proposer of the next slot")
    func rounds() {
        let schedule = ProposerSchedule(powers: [5, 3, 2])
        for height in UInt64(0)..<30 {
            for round in UInt32(0)..<10 {
                #expect(
                    schedule.proposer(height: Height(height), round: Round(round))
                        == schedule.proposer(height: Height(height + UInt64(round)), round: .zero)
                )
            }
        }
    }

    @Test("a window of any length is fair to within two slots")
    func evenness() {
        let powers: [UInt64] = [400, 300, 200, 100]
        let schedule = ProposerSchedule(powers: powers)
        var counts = powers.map { _ in UInt64(0) }
        for slot in UInt64(0)..<1_000 {
            counts[Int(schedule.proposer(height: Height(slot), round: .zero).value)] += 1
            for (count, power) in zip(counts, powers) {
                let due = (slot + 1) * power
                #expect(count * 1_000 <= due + 2_000 && due <= count * 1_000 + 2_000)
            }
        }
    }

    @Test("the largest total and the largest height do not overflow")
    func extremes() {
        let schedule = ProposerSchedule(powers: [ValidatorSet.totalLimit - 1, 1])
        let proposer = schedule.proposer(height: Height(.max - 1), round: Round(Round.limit))
        #expect(proposer.value <= 1)
    }
}
