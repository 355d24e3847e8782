/// Puts chunks together again. At most one message a channel is under way, and its memory grows
/// with the bytes that really came.
package struct InboundAssembly: Sendable {
    private struct Partial: Sendable {
        let total: Int
        var bytes: [UInt8]
    }

    private var partials = [Partial?](repeating: nil, count: NetworkChannel.allCases.count)

    package init() {}

    /// Of messages that have begun and not ended.
    var partialBytes: Int { partials.reduce(0) { $0 + ($1?.bytes.count ?? 0) } }

    /// The message that this packet completes, if any.
    package mutating func accept(_ packet: Packet) throws(FrameError) -> (NetworkChannel, [UInt8])?
    {
        switch packet {
        case .ping, .pong, .listening, .askAddresses, .addresses:
            return nil
        case .begin(let channel, let total, let chunk):
            guard total <= channel.messageBytesLimit else {
                throw .messageTooLong(
                    channel: channel,
                    limit: channel.messageBytesLimit,
                    found: total
                )
            }
            guard partials[Int(channel.rawValue)] == nil else {
                throw .outOfSequence(channel: channel)
            }
            return try add(chunk, to: Partial(total: total, bytes: []), on: channel)
        case .more(let channel, let chunk):
            guard let partial = partials[Int(channel.rawValue)], !chunk.isEmpty else {
                throw .outOfSequence(channel: channel)
            }
            partials[Int(channel.rawValue)] = nil
            return try add(chunk, to: partial, on: channel)
        }
    }

    private mutating func add(
        _ chunk: [UInt8],
        to start: consuming Partial,
        on channel: NetworkChannel
    ) throws(FrameError) -> (NetworkChannel, [UInt8])? {
        guard start.bytes.count + chunk.count <= start.total else {
            throw .outOfSequence(channel: channel)
        }
        start.bytes += chunk
        guard start.bytes.count == start.total else {
            partials[Int(channel.rawValue)] = start
            return nil
        }
        return (channel, start.bytes)
    }
}
