// Who judges a claim, and what follows from what they said. Pure: no state, no money.

package import Commitments
package import Primitives

/// The validators that judge a claim now: a drawn committee, or all of them where a unit was
/// challenged or a bench of the committee does not agree.
package struct Panel: Sendable, Hashable {
    package static let memberLimit = 128

    package struct Statement: Sendable, Hashable {
        package let verdict: Verdict
        package let trace: Digest

        package init(verdict: Verdict, trace: Digest) {
            self.verdict = verdict
            self.trace = trace
        }
    }

    package struct Member: Sendable, Hashable {
        /// The owner's address.
        package let validator: Address
        /// The account of the hot key, which sends the verdicts.
        package let hot: Address
        package let power: UInt64
        package var commitment: Digest?
        package var statement: Statement?

        package init(validator: Address, hot: Address, power: UInt64) {
            self.validator = validator
            self.hot = hot
            self.power = power
        }

        /// True for who said something else about the same units than is now known.
        func isContradicted(by known: Statement) -> Bool {
            guard let statement, statement.verdict != .unavailable else { return false }
            return statement != known
        }
    }

    package enum Decision: Sendable, Hashable {
        /// Members with more than half of the power said exactly this, down to the trace.
        case majority(Statement, members: [Int])
        case undecided
    }

    package var members: [Member]
    /// Benches of this committee whose share all validators have found right.
    package var confirmed: [UInt16] = []

    package init(members: [Member]) { self.members = members }

    package var allCommitted: Bool { members.allSatisfy { $0.commitment != nil } }

    /// True when everyone who committed has also revealed.
    package var allRevealed: Bool {
        members.allSatisfy { $0.commitment == nil || $0.statement != nil }
    }

    package func index(ofHot address: Address) -> Int? {
        members.firstIndex { $0.hot == address }
    }

    /// Silence counts against every statement: the majority is of all members' power.
    package var decision: Decision {
        let total = members.reduce(UInt64(0)) { $0 + $1.power }
        for (position, member) in members.enumerated() {
            guard let statement = member.statement else { continue }
            let isFirst = !members[..<position].contains { $0.statement == statement }
            guard isFirst else { continue }
            let agreeing = members.indices.filter { members[$0].statement == statement }
            let power = agreeing.reduce(UInt64(0)) { $0 + members[$1].power }
            if 2 * power > total { return .majority(statement, members: agreeing) }
        }
        return .undecided
    }
}

extension Panel: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.writeArray(members)
        writer.writeLength(confirmed.count)
        for bench in confirmed { writer.write(bench) }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        members = try reader.readArray(limit: Self.memberLimit)
        for _ in 0..<(try reader.readLength(limit: Self.memberLimit)) {
            confirmed.append(try reader.readUInt16())
        }
    }
}

extension Panel.Member: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(validator)
        writer.write(hot)
        writer.write(power)
        writer.writeOptional(commitment)
        writer.writeOptional(statement)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        validator = try Address(from: &reader)
        hot = try Address(from: &reader)
        power = try reader.readUInt64()
        commitment = try reader.readOptional()
        statement = try reader.readOptional()
    }
}

extension Panel.Statement: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(verdict)
        writer.write(trace)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        verdict = try Verdict(from: &reader)
        trace = try Digest(from: &reader)
    }
}
