import NIOCore
import Peers
import TestSupport
import Testing

@Suite("Frames")
struct FrameTests {
    @Test("frames come out whole however the stream was cut")
    func cuts() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<50 {
            let frames = (0..<8).map { _ in
                random.bytes(Int.random(in: 1...300, using: &random))
            }
            var stream = ByteBuffer()
            for frame in frames {
                stream.writeInteger(UInt32(frame.count))
                stream.writeBytes(frame)
            }
            var reader = FrameReader()
            var found: [[UInt8]] = []
            while stream.readableBytes > 0 {
                let size = min(stream.readableBytes, Int.random(in: 1...200, using: &random))
                var piece = stream.readSlice(length: size) ?? ByteBuffer()
                reader.append(&piece)
                while let frame = try reader.next(limit: 300) { found.append(frame) }
            }
            #expect(found == frames)
        }
    }

    @Test("a length over the limit is refused from its four bytes alone")
    func lengthLimit() throws {
        for (length, limit) in [(UInt32.max, 1024), (1025, 1024)] {
            var reader = FrameReader()
            var bytes = ByteBuffer(integer: length)
            reader.append(&bytes)
            #expect(throws: FrameError.frameTooLong(limit: limit, found: Int(length))) {
                try reader.next(limit: limit)
            }
        }
        var reader = FrameReader()
        var bytes = ByteBuffer(integer: UInt32(1024))
        reader.append(&bytes)
        let nothing = try reader.next(limit: 1024)
        #expect(nothing == nil)
        var empty = FrameReader()
        var zero = ByteBuffer(integer: UInt32(0))
        empty.append(&zero)
        #expect(throws: FrameError.frameTooShort(found: 0)) { try empty.next(limit: 1024) }
    }

    @Test("messages of all channels survive chunking, and consensus overtakes")
    func multiplexing() throws {
        var random = SeededGenerator(seed: 2)
        var queue = OutboundQueue()
        var expected: [NetworkChannel: [[UInt8]]] = [:]
        for channel in NetworkChannel.allCases.reversed() {
            for size in [0, 1, Packet.chunkBytes, Packet.chunkBytes + 1, 100_000] {
                let message = random.bytes(size)
                expected[channel, default: []].append(message)
                let isAdded = queue.add(message, on: channel)
                #expect(isAdded)
            }
        }
        var assembly = InboundAssembly()
        var found: [NetworkChannel: [[UInt8]]] = [:]
        var finished: [NetworkChannel] = []
        while let packet = queue.next() {
            #expect(packet.bytes.count <= Packet.plaintextBytesLimit)
            let decoded = try Packet(packet.bytes)
            #expect(decoded == packet)
            if let (channel, message) = try assembly.accept(decoded) {
                found[channel, default: []].append(message)
                finished.append(channel)
            }
        }
        #expect(found == expected)
        #expect(
            Array(finished.prefix(5)) == [
                .consensus, .consensus, .consensus, .consensus, .consensus,
            ]
        )
        // The rest take turns, so none of them finishes everything before another starts.
        let artifacts = finished.firstIndex(of: .artifacts) ?? 99
        let lastTransactions = finished.lastIndex(of: .transactions) ?? 0
        #expect(artifacts < lastTransactions)
        #expect(queue.isEmpty && queue.waitingBytes == 0)
    }

    @Test("the budget of a channel is kept, and does not touch the other channels")
    func budget() {
        var queue = OutboundQueue()
        let megabyte = [UInt8](repeating: 0, count: 1 << 20)
        var accepted = 0
        while queue.add(megabyte, on: .blockSync) { accepted += 1 }
        #expect(accepted << 20 == NetworkChannel.blockSync.queueBytesLimit)
        let others = queue.add(megabyte, on: .consensus)
        #expect(others)
        let tooLong = [UInt8](repeating: 0, count: NetworkChannel.artifacts.messageBytesLimit + 1)
        let over = queue.add(tooLong, on: .artifacts)
        let longest = queue.add(Array(tooLong.dropLast()), on: .artifacts)
        #expect(!over && longest)
    }

    @Test("packets that break the sequence or the limits are refused")
    func badPackets() throws {
        let limit = NetworkChannel.transactions.messageBytesLimit
        var assembly = InboundAssembly()
        #expect(
            throws: FrameError.messageTooLong(
                channel: .transactions,
                limit: limit,
                found: limit + 1
            )
        ) { try assembly.accept(.begin(.transactions, total: limit + 1, [])) }
        #expect(throws: FrameError.outOfSequence(channel: .consensus)) {
            try assembly.accept(.more(.consensus, [1]))
        }
        #expect(throws: FrameError.outOfSequence(channel: .consensus)) {
            try assembly.accept(.begin(.consensus, total: 1, [1, 2]))
        }
        let unfinished = try assembly.accept(.begin(.artifacts, total: 3, [1, 2]))
        #expect(unfinished == nil)
        #expect(throws: FrameError.outOfSequence(channel: .artifacts)) {
            try assembly.accept(.begin(.artifacts, total: 3, [1]))
        }
        #expect(throws: FrameError.outOfSequence(channel: .artifacts)) {
            try assembly.accept(.more(.artifacts, [3, 4]))
        }
        #expect(throws: FrameError.unknownKind(0x05)) { try Packet([0x05, 0, 0, 0, 0]) }
        #expect(throws: FrameError.unknownKind(0xff)) { try Packet([0xff]) }
        #expect(throws: FrameError.frameTooShort(found: 4)) { try Packet([0, 0, 0, 0]) }
        #expect(throws: FrameError.frameTooShort(found: 0)) { try Packet([]) }
        #expect(throws: FrameError.malformed(kind: 0x80)) { try Packet([0x80, 0]) }
    }
}
