import Cryptography
import NIOCore
import Peers
import Primitives

extension FuzzTarget {
    static func frameSeeds() -> [[UInt8]] {
        let packets: [Packet] = [
            .begin(.consensus, total: 3, [1, 2]), .more(.consensus, [3]), .ping,
            .begin(.artifacts, total: 1, [4]), .pong,
        ]
        let stream = packets.flatMap { packet -> [UInt8] in
            [0, 0, 0, UInt8(packet.bytes.count)] + packet.bytes
        }
        return [[1] + stream, [200] + stream]
    }

    /// The first byte says where the stream is cut: the same frames must come out in two parts as
    /// in one.
    static func frames(_ bytes: [UInt8]) {
        let stream = Array(bytes.dropFirst())
        let cut = min(Int(bytes.first ?? 0), stream.count)
        let whole = read([stream])
        let parts = read([Array(stream[..<cut]), Array(stream[cut...])])
        precondition(whole == parts, "frames depend on how the bytes arrive")
        var assembly = InboundAssembly()
        for frame in whole {
            guard let packet = try? Packet(frame) else { return }
            precondition(packet.bytes == frame, "a packet has two encodings")
            guard let message = try? assembly.accept(packet) else { continue }
            precondition(message.1.count <= message.0.messageBytesLimit)
        }
    }

    private static func read(_ parts: [[UInt8]]) -> [[UInt8]] {
        var reader = FrameReader()
        var frames: [[UInt8]] = []
        for part in parts {
            var buffer = ByteBuffer(bytes: part)
            reader.append(&buffer)
            while let frame = try? reader.next(limit: Packet.plaintextBytesLimit) {
                frames.append(frame)
            }
        }
        return frames
    }

    /// The first byte says which of the three messages the rest stands in for. Only the genuine
    /// second and third are accepted: nobody else has the keys.
    static func handshakeTarget() throws -> FuzzTarget {
        let genuine = try Exchange()
        let seeds = genuine.messages.enumerated().map { [UInt8($0.offset)] + $0.element }
        return FuzzTarget(name: "handshake", seeds: seeds) { bytes in
            let place = Int(bytes.first ?? 0) % 3
            let message = Array(bytes.dropFirst())
            guard var side = try? genuine.side(before: place) else { return }
            guard (try? side.read(message)) != nil else { return }
            guard place == 0 else {
                precondition(message == genuine.messages[place], "a forged message is accepted")
                return
            }
            do { _ = try side.write([]) } catch {
                precondition(error == .weakKey, "a hello is read and not answered")
            }
        }
    }
}

/// A handshake between two fixed key pairs on each side.
private struct Exchange {
    private(set) var messages: [[UInt8]] = []
    private let keys: [NoiseKeyPair]
    private static let prologue: [UInt8] = [1, 2, 3]

    init() throws {
        keys = try (1...4).map { try NoiseKeyPair(secret: [UInt8](repeating: $0, count: 32)) }
        var initiator = handshake(.initiator)
        var responder = handshake(.responder)
        messages.append(try initiator.write([]))
        _ = try responder.read(messages[0])
        messages.append(try responder.write([7]))
        _ = try initiator.read(messages[1])
        messages.append(try initiator.write([8]))
    }

    private func handshake(_ role: NoiseHandshake.Role) -> NoiseHandshake {
        let first = role == .initiator ? 0 : 2
        return NoiseHandshake(
            role: role,
            prologue: Self.prologue,
            staticKey: keys[first],
            ephemeral: keys[first + 1]
        )
    }

    /// Who reads the message at this place, after the genuine ones before it.
    func side(before place: Int) throws -> NoiseHandshake {
        if place == 1 {
            var initiator = handshake(.initiator)
            _ = try initiator.write([])
            return initiator
        }
        var responder = handshake(.responder)
        guard place == 2 else { return responder }
        _ = try responder.read(messages[0])
        _ = try responder.write([7])
        return responder
    }
}
