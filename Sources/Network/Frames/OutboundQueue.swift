import NIOCore

/// What waits to be sent to one peer, within a byte budget for each channel.
///
/// Consensus always goes first. The other channels take turns by the chunk, so that a large
/// artifact cannot starve block sync, nor the other way round.
package struct OutboundQueue: Sendable {
    private struct Lane: Sendable {
        var messages = CircularBuffer<[UInt8]>()
        /// Bytes of the first message that are already framed.
        var sent = 0
        var waiting = 0
    }

    private var lanes = NetworkChannel.allCases.map { _ in Lane() }
    private var turn = 1

    package init() {}

    package var isEmpty: Bool { lanes.allSatisfy { $0.messages.isEmpty } }
    package var waitingBytes: Int { lanes.reduce(0) { $0 + $1.waiting } }

    /// False when the message is longer than its channel allows or the budget is used up; then
    /// nothing is queued.
    package mutating func add(_ message: [UInt8], on channel: NetworkChannel) -> Bool {
        let index = Int(channel.rawValue)
        guard message.count <= channel.messageBytesLimit,
            lanes[index].waiting + message.count <= channel.queueBytesLimit
        else { return false }
        lanes[index].messages.append(message)
        lanes[index].waiting += message.count
        return true
    }

    package mutating func next() -> Packet? {
        if let packet = next(lane: 0) { return packet }
        for _ in 1..<lanes.count {
            let lane = turn
            turn = turn + 1 == lanes.count ? 1 : turn + 1
            if let packet = next(lane: lane) { return packet }
        }
        return nil
    }

    private mutating func next(lane index: Int) -> Packet? {
        guard let message = lanes[index].messages.first,
            let channel = NetworkChannel(rawValue: UInt8(index))
        else { return nil }
        let start = lanes[index].sent
        let end = min(message.count, start + Packet.chunkBytes)
        let chunk = Array(message[start..<end])
        lanes[index].waiting -= chunk.count
        if end == message.count {
            lanes[index].messages.removeFirst()
            lanes[index].sent = 0
        } else {
            lanes[index].sent = end
        }
        return start == 0
            ? .begin(channel, total: message.count, chunk) : .more(channel, chunk)
    }
}
