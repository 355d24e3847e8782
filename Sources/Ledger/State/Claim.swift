import Commitments
package import Primitives

/// A claim and where it is in its life.
package struct Claim: Sendable, Hashable {
    package enum Phase: UInt8, Sendable, Hashable, CaseIterable {
        /// Waits for the beacon that draws its committee.
        case pending = 0
        case committing = 1
        case revealing = 2
        /// Found valid; anyone may challenge a unit.
        case accepted = 3
        /// All validators judge a challenged unit, or a bench that does not agree.
        case challengeCommitting = 4
        case challengeRevealing = 5
        case final = 6
        case rejected = 7
        case unavailable = 8
    }

    package struct Challenge: Sendable, Hashable {
        package let challenger: Address
        package let unit: UInt32
        package let bond: Amount

        package init(challenger: Address, unit: UInt32, bond: Amount) {
            self.challenger = challenger
            self.unit = unit
            self.bond = bond
        }
    }

    /// A part of the committee that re-runs the same units: the seats whose place modulo `count`
    /// is `number`.
    package struct Bench: Sendable, Hashable {
        package let number: UInt16
        package let count: UInt16

        package init(number: UInt16, count: UInt16) {
            self.number = number
            self.count = count
        }

        package func holds(seat: Int) -> Bool { seat % Int(max(count, 1)) == Int(number) }
    }

    /// What was wrong with a rejected claim.
    package struct Finding: Sendable, Hashable {
        package let unit: UInt32
        package let expected: Digest

        package init(unit: UInt32, expected: Digest) {
            self.unit = unit
            self.expected = expected
        }
    }

    package let claimant: Address
    package let terms: SubmitClaim
    package let submitted: Height
    /// What is left of the bond.
    package var bond: Amount
    /// The verification fee, until it is paid to the members that decided.
    package var fee: Amount
    package var phase: Phase
    /// Counts phases; scheduled work for an earlier one is void.
    package var stamp: UInt32
    package var attempt: UInt16
    /// The beacon that drew the committee and draws the sample.
    package var beacon: Digest?
    /// When the current phase ends by itself.
    package var deadline: Height
    /// When the challenge window ends, unless a challenge moves it.
    package var windowEnd: Height?
    package var challenge: Challenge?
    /// The bench whose share all validators re-run now.
    package var dispute: Bench?
    package var finding: Finding?
    /// Owners of the validators whose verdict decided it.
    package var verifiers: [Address]
    /// A snapshot or a settlement rests on it; nothing else may.
    package var isUsed: Bool

    package init(
        claimant: Address,
        terms: SubmitClaim,
        fee: Amount,
        submitted: Height,
        deadline: Height
    ) {
        self.claimant = claimant
        self.terms = terms
        self.submitted = submitted
        bond = terms.bond
        self.fee = fee
        phase = .pending
        stamp = 0
        attempt = 1
        beacon = nil
        self.deadline = deadline
        windowEnd = nil
        challenge = nil
        dispute = nil
        finding = nil
        verifiers = []
        isUsed = false
    }
}

extension Claim: StateEntry {
    package var holdings: [Holding] {
        [
            Holding(.bonds, bond), Holding(.bonds, fee),
            Holding(.bonds, challenge?.bond ?? .zero),
        ]
    }

    package func encode(to writer: inout BorshWriter) {
        writer.write(claimant)
        writer.write(terms)
        writer.write(submitted)
        writer.write(bond)
        writer.write(fee)
        writer.write(phase.rawValue)
        writer.write(stamp)
        writer.write(attempt)
        writer.writeOptional(beacon)
        writer.write(deadline)
        writer.writeOptional(windowEnd)
        writer.writeOptional(challenge)
        writer.writeOptional(dispute)
        writer.writeOptional(finding)
        writer.writeArray(verifiers)
        writer.write(isUsed)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        claimant = try Address(from: &reader)
        terms = try SubmitClaim(from: &reader)
        submitted = try Height(from: &reader)
        bond = try Amount(from: &reader)
        fee = try Amount(from: &reader)
        let tag = try reader.readUInt8()
        guard let phase = Phase(rawValue: tag) else {
            throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
        self.phase = phase
        stamp = try reader.readUInt32()
        attempt = try reader.readUInt16()
        beacon = try reader.readOptional()
        deadline = try Height(from: &reader)
        windowEnd = try reader.readOptional()
        challenge = try reader.readOptional()
        dispute = try reader.readOptional()
        finding = try reader.readOptional()
        verifiers = try reader.readArray(limit: Panel.memberLimit)
        isUsed = try reader.readBool()
    }
}

extension Claim.Challenge: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(challenger)
        writer.write(unit)
        writer.write(bond)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        challenger = try Address(from: &reader)
        unit = try reader.readUInt32()
        bond = try Amount(from: &reader)
    }
}

extension Claim.Bench: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(number)
        writer.write(count)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        number = try reader.readUInt16()
        count = try reader.readUInt16()
    }
}

extension Claim.Finding: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(unit)
        writer.write(expected)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        unit = try reader.readUInt32()
        expected = try Digest(from: &reader)
    }
}
