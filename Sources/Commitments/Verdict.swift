import Cryptography
package import Primitives

/// What a validator found when it re-ran a sample of a claim.
package enum Verdict: Sendable, Hashable {
    case valid
    /// The first unit of the sample that differs, and the output that it should have had.
    case invalid(unit: UInt32, expected: Digest)
    /// The inputs or outputs could not be fetched in time.
    case unavailable

    /// The hidden form, posted before any verdict is open. It binds the validator and the claim,
    /// so that nobody can post another's; and the trace, which only a re-run gives.
    package func commitment(
        claim: Digest,
        trace: Digest,
        salt: Digest,
        validator: Address
    ) -> Digest {
        var writer = BorshWriter()
        writer.write(self)
        writer.write(trace)
        writer.write(salt)
        writer.write(validator)
        writer.write(claim)
        return taggedHash(CommitmentTag.verdict, writer.bytes)
    }
}

extension Verdict: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .valid: writer.write(UInt8(0))
        case .invalid(let unit, let expected):
            writer.write(UInt8(1))
            writer.write(unit)
            writer.write(expected)
        case .unavailable: writer.write(UInt8(2))
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        switch try reader.readUInt8() {
        case 0: self = .valid
        case 1:
            let unit = try reader.readUInt32()
            self = .invalid(unit: unit, expected: try Digest(from: &reader))
        case 2: self = .unavailable
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
    }
}
