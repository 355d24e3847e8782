// What replicas say to each other: one tag and one channel a case, every list with its limit.

package import Ledger
package import Primitives
package import Voting

package enum ReplicaMessage: Sendable, Hashable {
    /// Which queue and budget of the network a message belongs to.
    package enum Channel: UInt8, Sendable, Hashable, CaseIterable {
        case consensus = 0
        case transactions = 1
        case blockSync = 2
    }

    case status(ReplicaStatus)
    case proposal(SignedProposal, Block)
    case votes([SignedVote])
    /// Ids of transactions that the sender has.
    case announce([Digest])
    case pull([Digest])
    case transactions([SignedTransaction])
    /// Asks for final blocks, in ascending order from a height.
    case requestBlocks(from: Height, count: UInt8)
    case block(CertifiedBlock)

    package static let voteLimit = 2 * ValidatorSet.countLimit
    package static let idLimit = 1_000
    /// Transactions in one message, also bounded by `transactionByteLimit`.
    package static let transactionLimit = 1_000
    package static let transactionByteLimit = 512 * 1_024
    package static let blockRequestLimit: UInt8 = 32

    package var channel: Channel {
        switch self {
        case .status, .proposal, .votes: .consensus
        case .announce, .pull, .transactions: .transactions
        case .requestBlocks, .block: .blockSync
        }
    }
}

extension ReplicaMessage: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .status(let status):
            writer.write(UInt8(0))
            writer.write(status)
        case .proposal(let proposal, let block):
            writer.write(UInt8(1))
            writer.write(proposal)
            writer.write(block)
        case .votes(let votes):
            writer.write(UInt8(2))
            writer.writeArray(votes)
        case .announce(let ids):
            writer.write(UInt8(3))
            writer.writeArray(ids)
        case .pull(let ids):
            writer.write(UInt8(4))
            writer.writeArray(ids)
        case .transactions(let transactions):
            writer.write(UInt8(5))
            writer.writeArray(transactions)
        case .requestBlocks(let first, let count):
            writer.write(UInt8(6))
            writer.write(first)
            writer.write(count)
        case .block(let certified):
            writer.write(UInt8(7))
            writer.write(certified)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        switch try reader.readUInt8() {
        case 0: self = .status(try ReplicaStatus(from: &reader))
        case 1: self = .proposal(try SignedProposal(from: &reader), try Block(from: &reader))
        case 2: self = .votes(try reader.readArray(limit: Self.voteLimit))
        case 3: self = .announce(try reader.readArray(limit: Self.idLimit))
        case 4: self = .pull(try reader.readArray(limit: Self.idLimit))
        case 5: self = .transactions(try reader.readArray(limit: Self.transactionLimit))
        case 6:
            let first = try Height(from: &reader)
            let count = try reader.readUInt8()
            try reader.require((1...Self.blockRequestLimit).contains(count), "block count")
            self = .requestBlocks(from: first, count: count)
        case 7: self = .block(try CertifiedBlock(from: &reader))
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
    }
}
