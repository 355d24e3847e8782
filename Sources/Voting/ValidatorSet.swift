// The validators of one height: who may vote, with what weight, and who proposes.

import Cryptography
package import Primitives

/// Between 1 and 128 validators, sorted by hot key.
///
/// Invariants: keys and addresses are unique, every power is positive, and the powers sum to at
/// most `UInt64.max / 3`, so that `3 * weight` never overflows for a weight within the total.
package struct ValidatorSet: Sendable, Hashable {
    package enum Failure: Error, Equatable {
        case countOutOfRange(Int)
        case zeroPower(PublicKey)
        case repeatedKey(PublicKey)
        case repeatedAddress(Address)
        case totalOverLimit
    }

    package static let countLimit = 128
    package static let totalLimit = UInt64.max / 3

    package let validators: [Validator]
    /// The sum of all powers.
    package let total: UInt64
    /// The tagged hash of the Borsh encoding.
    package let hash: Digest
    let schedule: ProposerSchedule

    /// Sorts the validators by key.
    package init(_ unsorted: [Validator]) throws(Failure) {
        guard (1...Self.countLimit).contains(unsorted.count) else {
            throw .countOutOfRange(unsorted.count)
        }
        let sorted = unsorted.sorted { $0.key < $1.key }
        total = try Self.checkedTotal(sorted)
        validators = sorted
        schedule = ProposerSchedule(powers: sorted.map(\.power))
        var writer = BorshWriter()
        writer.writeArray(sorted)
        hash = taggedHash(VotingTag.validatorSet, writer.bytes)
    }

    package var count: Int { validators.count }

    /// Nil when the index lies outside the set, as an index in someone's message may.
    package subscript(index: ValidatorIndex) -> Validator? {
        let position = Int(index.value)
        return position < validators.count ? validators[position] : nil
    }

    /// The index of a hot key, by binary search.
    package func index(of key: PublicKey) -> ValidatorIndex? {
        var low = 0
        var high = validators.count
        while low < high {
            let middle = (low + high) / 2
            if validators[middle].key < key { low = middle + 1 } else { high = middle }
        }
        guard low < validators.count, validators[low].key == key else { return nil }
        return ValidatorIndex(UInt16(low))
    }

    /// True for more than two thirds of the total. Multiplied out because `total / 3 * 2` rounds
    /// down and would let 3 of 5 decide.
    ///
    /// - Precondition: `weight <= total`.
    package func isQuorum(_ weight: UInt64) -> Bool { 3 * weight > 2 * total }

    /// True for more than one third of the total: at least one of them is honest.
    ///
    /// - Precondition: `weight <= total`.
    package func hasHonest(_ weight: UInt64) -> Bool { 3 * weight > total }

    private static func checkedTotal(_ sorted: [Validator]) throws(Failure) -> UInt64 {
        var total: UInt64 = 0
        for (position, validator) in sorted.enumerated() {
            guard validator.power > 0 else { throw .zeroPower(validator.key) }
            if position > 0, sorted[position - 1].key == validator.key {
                throw .repeatedKey(validator.key)
            }
            let (sum, overflow) = total.addingReportingOverflow(validator.power)
            guard !overflow, sum <= Self.totalLimit else { throw .totalOverLimit }
            total = sum
        }
        let addresses = sorted.map(\.address).sorted()
        for (left, right) in zip(addresses, addresses.dropFirst()) where left == right {
            throw .repeatedAddress(left)
        }
        return total
    }
}

extension ValidatorSet {
    /// Who proposes at a height and round: see `ProposerSchedule`.
    package func proposer(height: Height, round: Round) -> ValidatorIndex {
        schedule.proposer(height: height, round: round)
    }
}

extension ValidatorSet: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.writeArray(validators) }

    /// Refuses an unsorted list: one set has one encoding.
    package init(from reader: inout BorshReader) throws(BorshError) {
        let list: [Validator] = try reader.readArray(limit: Self.countLimit)
        let isSorted = zip(list, list.dropFirst()).allSatisfy { $0.key < $1.key }
        try reader.require(isSorted, "validators")
        do {
            self = try ValidatorSet(list)
        } catch {
            throw .invalidValue(offset: reader.offset, field: "validators")
        }
    }
}
