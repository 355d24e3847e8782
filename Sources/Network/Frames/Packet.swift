/// The plaintext of one encrypted frame: a byte for the kind, then its content.
///
/// | kind | meaning | content |
/// |---|---|---|
/// | `0x00 + c` | a message begins on channel `c` | total length (`UInt32`, big-endian), bytes |
/// | `0x40 + c` | a message goes on | bytes |
/// | `0x80`, `0x81` | keepalive, and its answer | nothing |
package enum Packet: Equatable, Sendable {
    case begin(NetworkChannel, total: Int, [UInt8])
    case more(NetworkChannel, [UInt8])
    case ping
    case pong

    /// Bytes of a message in one frame: small enough for a vote to overtake a block.
    package static let chunkBytes = 16 << 10
    package static let plaintextBytesLimit = 1 + 4 + chunkBytes

    private static let continuation: UInt8 = 0x40
    private static let pingKind: UInt8 = 0x80
    private static let pongKind: UInt8 = 0x81

    package var bytes: [UInt8] {
        switch self {
        case .begin(let channel, let total, let chunk):
            let length = UInt32(total)
            let prefix = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> UInt32($0)) }
            return [channel.rawValue] + prefix + chunk
        case .more(let channel, let chunk): return [Self.continuation | channel.rawValue] + chunk
        case .ping: return [Self.pingKind]
        case .pong: return [Self.pongKind]
        }
    }

    package init(_ bytes: [UInt8]) throws(FrameError) {
        guard let kind = bytes.first else { throw .frameTooShort(found: 0) }
        if kind == Self.pingKind || kind == Self.pongKind {
            guard bytes.count == 1 else {
                throw .frameTooLong(limit: 1, found: bytes.count)
            }
            self = kind == Self.pingKind ? .ping : .pong
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
}
