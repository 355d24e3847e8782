package import Primitives
package import Voting

/// Where a node stands: what it has committed, and what it holds of the height in progress, so
/// that others can send exactly what it lacks.
package struct ReplicaStatus: Sendable, Hashable {
    /// The last committed height. A claim: nothing is concluded from it but whom to ask.
    package let committed: Height
    /// The round of the following height.
    package let round: Round
    package let hasProposal: Bool
    /// Whose prevotes and precommits of that round are here: one bit a validator, lowest bit
    /// first.
    package let prevotes: [UInt8]
    package let precommits: [UInt8]

    package init(
        committed: Height,
        round: Round,
        hasProposal: Bool,
        prevotes: [UInt8],
        precommits: [UInt8]
    ) {
        self.committed = committed
        self.round = round
        self.hasProposal = hasProposal
        self.prevotes = prevotes
        self.precommits = precommits
    }

    package static let bitmapLimit = ValidatorSet.countLimit / 8

    package func has(_ kind: Vote.Kind, of validator: ValidatorIndex) -> Bool {
        let bitmap = kind == .prevote ? prevotes : precommits
        let (byte, bit) = (Int(validator.value / 8), validator.value % 8)
        return byte < bitmap.count && bitmap[byte] & (1 << bit) != 0
    }

    /// The bitmap of the places that are not nil.
    package static func bitmap(_ votes: [SignedVote?]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (votes.count + 7) / 8)
        for (place, vote) in votes.enumerated() where vote != nil {
            bytes[place / 8] |= 1 << UInt8(place % 8)
        }
        return bytes
    }
}

extension ReplicaStatus: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(committed)
        writer.write(round)
        writer.write(hasProposal)
        writer.writeBytes(prevotes)
        writer.writeBytes(precommits)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        committed = try Height(from: &reader)
        round = try Round(from: &reader)
        hasProposal = try reader.readBool()
        prevotes = try reader.readBytes(limit: Self.bitmapLimit)
        precommits = try reader.readBytes(limit: Self.bitmapLimit)
    }
}
