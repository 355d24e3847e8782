package import Consensus
package import Ledger
package import Primitives
package import Voting

/// One line of the write-ahead log: an input of consensus, in the order in which it was taken.
/// Replaying the lines of a height rebuilds its locks, votes and timers exactly.
package enum WALEntry: Sendable, Hashable {
    case started(Height)
    /// A proposal, its block, and the verdict that consensus was given. The verdict depends on
    /// the clock, so it is recorded instead of found again.
    case proposal(SignedProposal, Block, isValid: Bool)
    case vote(SignedVote)
    case timeout(Timeout)

    /// The height in progress when it was written; entries of committed heights may be deleted.
    package var height: Height {
        switch self {
        case .started(let height): height
        case .proposal(let signed, _, _): signed.proposal.height
        case .vote(let signed): signed.vote.height
        case .timeout(let timeout): timeout.height
        }
    }
}

extension WALEntry: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .started(let height):
            writer.write(UInt8(0))
            writer.write(height)
        case .proposal(let proposal, let block, let isValid):
            writer.write(UInt8(1))
            writer.write(proposal)
            writer.write(block)
            writer.write(isValid)
        case .vote(let vote):
            writer.write(UInt8(2))
            writer.write(vote)
        case .timeout(let timeout):
            writer.write(UInt8(3))
            writer.write(timeout)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        switch try reader.readUInt8() {
        case 0: self = .started(try Height(from: &reader))
        case 1:
            self = .proposal(
                try SignedProposal(from: &reader),
                try Block(from: &reader),
                isValid: try reader.readBool()
            )
        case 2: self = .vote(try SignedVote(from: &reader))
        case 3: self = .timeout(try Timeout(from: &reader))
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
    }
}
