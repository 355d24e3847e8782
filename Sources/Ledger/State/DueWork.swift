package import Primitives

/// Something that happens at a height by itself.
package enum DueWork: Sendable, Hashable {
    /// The end of a claim's phase: `stamp` says which one.
    case claim(Digest, stamp: UInt32)
    case unbond(Digest)
    case expireContribution(Digest)
    /// Returns the bonds of these contributions of a Datanet, a few at a time.
    case releaseBonds(datanet: Digest, from: UInt32, to: UInt32)
    case vest(settlement: Digest)
    case closeChannel(Digest)
}

extension DueWork: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .claim(let id, let stamp):
            writer.write(UInt8(0))
            writer.write(id)
            writer.write(stamp)
        case .unbond(let id):
            writer.write(UInt8(1))
            writer.write(id)
        case .expireContribution(let id):
            writer.write(UInt8(2))
            writer.write(id)
        case .releaseBonds(let datanet, let from, let to):
            writer.write(UInt8(3))
            writer.write(datanet)
            writer.write(from)
            writer.write(to)
        case .vest(let id):
            writer.write(UInt8(4))
            writer.write(id)
        case .closeChannel(let id):
            writer.write(UInt8(5))
            writer.write(id)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let tag = try reader.readUInt8()
        let id = try Digest(from: &reader)
        switch tag {
        case 0: self = .claim(id, stamp: try reader.readUInt32())
        case 1: self = .unbond(id)
        case 2: self = .expireContribution(id)
        case 3:
            let from = try reader.readUInt32()
            self = .releaseBonds(datanet: id, from: from, to: try reader.readUInt32())
        case 4: self = .vest(settlement: id)
        case 5: self = .closeChannel(id)
        default: throw .tagOutOfRange(offset: reader.offset - 33, tag: tag)
        }
    }
}

/// How many pieces of work a height has.
package struct DueCount: Sendable, Hashable {
    package var count: UInt32

    package init(count: UInt32) { self.count = count }
}

extension DueCount: StateEntry {
    package func encode(to writer: inout BorshWriter) { writer.write(count) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        count = try reader.readUInt32()
    }
}
