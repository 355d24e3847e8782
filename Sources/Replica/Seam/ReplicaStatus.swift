import Cryptography
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
    /// What the marks are made with. It changes from status to status, so that nobody can find
    /// two votes that look alike to everyone.
    package let salt: UInt64
    /// Which prevotes and precommits of that round are here: a mark a validator.
    package let prevotes: [UInt8]
    package let precommits: [UInt8]
    /// The same for the round that decided the last committed height.
    package let lastPrevotes: [UInt8]
    package let lastPrecommits: [UInt8]

    package init(
        committed: Height,
        round: Round,
        hasProposal: Bool,
        salt: UInt64,
        prevotes: [UInt8],
        precommits: [UInt8],
        lastPrevotes: [UInt8],
        lastPrecommits: [UInt8]
    ) {
        self.committed = committed
        self.round = round
        self.hasProposal = hasProposal
        self.salt = salt
        self.prevotes = prevotes
        self.precommits = precommits
        self.lastPrevotes = lastPrevotes
        self.lastPrecommits = lastPrecommits
    }

    /// Those of `votes` that the marks lack, or show another vote for: then one validator has said
    /// two things, and the two should meet.
    package static func unheard(
        _ votes: [SignedVote?],
        in marks: [UInt8],
        salt: UInt64
    ) -> [SignedVote] {
        let own = Self.marks(votes, salt: salt)
        return votes.indices.compactMap { place in
            place < marks.count && marks[place] == own[place] ? nil : votes[place]
        }
    }

    /// For each place 0 without a vote, otherwise a byte that depends on the vote's block.
    package static func marks(_ votes: [SignedVote?], salt: UInt64) -> [UInt8] {
        var known: [(block: Digest?, mark: UInt8)] = []
        return votes.map { signed in
            guard let block = signed.map(\.vote.block) else { return 0 }
            if let seen = known.first(where: { $0.block == block }) { return seen.mark }
            let mark = Self.mark(block, salt: salt)
            known.append((block, mark))
            return mark
        }
    }

    private static let tag = HashTag("openledger/vote-mark/v1")

    private static func mark(_ block: Digest?, salt: UInt64) -> UInt8 {
        var writer = BorshWriter()
        writer.write(salt)
        writer.writeOptional(block)
        return 1 + taggedHash(tag, writer.bytes).bytes[0] % 255
    }
}

extension ReplicaStatus: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(committed)
        writer.write(round)
        writer.write(hasProposal)
        writer.write(salt)
        for marks in [prevotes, precommits, lastPrevotes, lastPrecommits] {
            writer.writeBytes(marks)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        committed = try Height(from: &reader)
        round = try Round(from: &reader)
        hasProposal = try reader.readBool()
        salt = try reader.readUInt64()
        prevotes = try reader.readBytes(limit: ValidatorSet.countLimit)
        precommits = try reader.readBytes(limit: ValidatorSet.countLimit)
        lastPrevotes = try reader.readBytes(limit: ValidatorSet.countLimit)
        lastPrecommits = try reader.readBytes(limit: ValidatorSet.countLimit)
    }
}
