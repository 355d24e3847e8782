package import LightClient
package import Primitives
package import StateTree

/// What nodes say to each other to join by a snapshot. The number pairs an answer with its question.
package enum StateSyncMessage: Sendable, Equatable {
    case wantOffers(number: UInt64)
    /// Heights whose whole state the sender can give.
    case offers(number: UInt64, [Height])
    case wantHeader(number: UInt64, Height)
    /// Nil when the sender has no such block.
    case header(number: UInt64, LightBlock?)
    case wantPart(number: UInt64, Height, NibblePath)
    /// Nil when the sender has no such snapshot.
    case part(number: UInt64, TreePart?)

    package static let offerLimit = 16

    package var number: UInt64 {
        switch self {
        case .wantOffers(let number), .offers(let number, _), .wantHeader(let number, _),
            .header(let number, _), .wantPart(let number, _, _), .part(let number, _):
            number
        }
    }
}

extension StateSyncMessage: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .wantOffers(let number):
            writer.write(UInt8(0))
            writer.write(number)
        case .offers(let number, let heights):
            writer.write(UInt8(1))
            writer.write(number)
            writer.writeArray(heights)
        case .wantHeader(let number, let height):
            writer.write(UInt8(2))
            writer.write(number)
            writer.write(height)
        case .header(let number, let block):
            writer.write(UInt8(3))
            writer.write(number)
            writer.writeOptional(block)
        case .wantPart(let number, let height, let path):
            writer.write(UInt8(4))
            writer.write(number)
            writer.write(height)
            writer.write(path)
        case .part(let number, let part):
            writer.write(UInt8(5))
            writer.write(number)
            writer.writeOptional(part)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        let number = try reader.readUInt64()
        switch tag {
        case 0: self = .wantOffers(number: number)
        case 1: self = .offers(number: number, try reader.readArray(limit: Self.offerLimit))
        case 2: self = .wantHeader(number: number, try Height(from: &reader))
        case 3: self = .header(number: number, try reader.readOptional())
        case 4:
            self = .wantPart(
                number: number,
                try Height(from: &reader),
                try NibblePath(from: &reader)
            )
        case 5: self = .part(number: number, try reader.readOptional())
        default: throw .tagOutOfRange(offset: offset, tag: tag)
        }
    }
}
