import Foundation
import Peers
import Primitives
import TestSupport
import Testing

@Suite("Noise XX vectors")
struct NoiseVectorTests {
    struct VectorFile: Decodable { let vectors: [Vector] }

    struct Vector: Decodable {
        struct Message: Decodable {
            let payload: String
            let ciphertext: String
        }

        let protocolName: String
        let initPrologue: String
        let initStatic: String?
        let initEphemeral: String
        let respStatic: String?
        let respEphemeral: String
        let handshakeHash: String
        let messages: [Message]
    }

    /// Runs both sides; every message must be exactly the one recorded, in both directions.
    private func replay(_ vector: Vector) throws {
        let prologue = try #require(Hex.decode(vector.initPrologue))
        var initiator = NoiseHandshake(
            role: .initiator,
            prologue: prologue,
            staticKey: try key(vector.initStatic),
            ephemeral: try key(vector.initEphemeral)
        )
        var responder = NoiseHandshake(
            role: .responder,
            prologue: prologue,
            staticKey: try key(vector.respStatic),
            ephemeral: try key(vector.respEphemeral)
        )
        for (index, message) in vector.messages.prefix(3).enumerated() {
            let payload = try #require(Hex.decode(message.payload))
            let sent: [UInt8]
            let read: [UInt8]
            if index.isMultiple(of: 2) {
                sent = try initiator.write(payload)
                read = try responder.read(sent)
            } else {
                sent = try responder.write(payload)
                read = try initiator.read(sent)
            }
            #expect(Hex.encode(sent) == message.ciphertext)
            #expect(read == payload)
        }
        var first = try #require(initiator.session())
        var second = try #require(responder.session())
        #expect(Hex.encode(first.handshakeHash) == vector.handshakeHash)
        #expect(first.handshakeHash == second.handshakeHash)
        for (index, message) in vector.messages.enumerated().dropFirst(3) {
            let payload = try #require(Hex.decode(message.payload))
            let sealed = try index.isMultiple(of: 2) ? first.seal(payload) : second.seal(payload)
            #expect(Hex.encode(sealed) == message.ciphertext)
            let opened = try index.isMultiple(of: 2) ? second.open(sealed) : first.open(sealed)
            #expect(opened == payload)
        }
    }

    private func key(_ hex: String?) throws -> NoiseKeyPair {
        try NoiseKeyPair(secret: Hex.decode(hex ?? "") ?? [])
    }

    @Test("the published XX vectors are met bit for bit")
    func published() throws {
        guard let data = SharedVectors.load("noise_25519_chachapoly_blake2b.json") else { return }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let vectors = try decoder.decode(VectorFile.self, from: data).vectors
            .filter { $0.protocolName == NoiseSuite.name }
        #expect(!vectors.isEmpty)
        for vector in vectors { try replay(vector) }
    }

    @Test("our own recorded handshake is met bit for bit")
    func own() throws { try replay(OwnNoiseVector.vector) }
}
