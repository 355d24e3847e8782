import Primitives

/// The plaintext of one encrypted frame: a byte for the kind, then its content.
///
/// | kind | meaning | content |
/// |---|---|---|
/// | `0x00 + c` | a message begins on channel `c` | total length (`UInt32`, big-endian), bytes |
/// | `0x40 + c` | a message goes on | bytes |
/// | `0x80`, `0x81` | keepalive, and its answer | nothing |
/// | `0x82` | the port on which the sender takes connections | Borsh `u16` |
/// | `0x83` | asks for addresses | nothing |
/// | `0x84` | the answer | Borsh list of at most 64 × (16 bytes, port as `u16`) |
package enum Packet: Equatable, Sendable {
    case begin(NetworkChannel, total: Int, [UInt8])
    case more(NetworkChannel, [UInt8])
    case ping
    case pong
    case listening(port: UInt16)
    case askAddresses
    case addresses([NetworkAddress])

    /// Bytes of a message in one frame: small enough for a vote to overtake a block.
    package static let chunkBytes = 16 << 10
    package static let plaintextBytesLimit = 1 + 4 + chunkBytes

    private static let continuation: UInt8 = 0x40
    private static let pingKind: UInt8 = 0x80
    private static let pongKind: UInt8 = 0x81
    private static let listeningKind: UInt8 = 0x82
    private static let askKind: UInt8 = 0x83
    private static let addressesKind: UInt8 = 0x84
    package static let addressLimit = 64

    package var bytes: [UInt8] {
        switch self {
        case .begin(let channel, let total, let chunk):
            let length = UInt32(total)
            let prefix = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> UInt32($0)) }
            return [channel.rawValue] + prefix + chunk
        case .more(let channel, let chunk): return [Self.continuation | channel.rawValue] + chunk
        case .ping: return [Self.pingKind]
        case .pong: return [Self.pongKind]
        case .listening(let port):
            return [Self.listeningKind, UInt8(truncatingIfNeeded: port), UInt8(port >> 8)]
        case .askAddresses: return [Self.askKind]
        case .addresses(let addresses):
            var writer = BorshWriter()
            writer.writeArray(addresses)
            return [Self.addressesKind] + writer.bytes
        }
    }

    package init(_ bytes: [UInt8]) throws(FrameError) {
        guard let kind = bytes.first else { throw .frameTooShort(found: 0) }
        if kind >= Self.pingKind {
            self = try Self.control(kind, Array(bytes[1...]))
            return
        }
        let isContinuation = kind & Self.continuation != 0
        guard let channel = NetworkChannel(rawValue: kind & ~Self.continuation) else {
            throw .unknownKind(kind)
        }
        if isContinuation {
            self = .more(channel, Array(bytes[1...]))
            return
        }
        guard bytes.count >= 5 else { throw .frameTooShort(found: bytes.count) }
        let total = bytes[1..<5].reduce(0) { $0 << 8 | Int($1) }
        self = .begin(channel, total: total, Array(bytes[5...]))
    }

    /// What the two ends of a connection say to each other, apart from messages.
    private static func control(_ kind: UInt8, _ content: [UInt8]) throws(FrameError) -> Packet {
        var reader = BorshReader(content)
        let packet: Packet
        do {
            switch kind {
            case pingKind: packet = .ping
            case pongKind: packet = .pong
            case listeningKind: packet = .listening(port: try reader.readUInt16())
            case askKind: packet = .askAddresses
            case addressesKind: packet = .addresses(try reader.readArray(limit: addressLimit))
            default: throw FrameError.unknownKind(kind)
            }
            try reader.finish()
        } catch let error as FrameError {
            throw error
        } catch {
            throw .malformed(kind: kind)
        }
        return packet
    }
}
