/// Recorded from this implementation when it met the published vectors.
enum OwnNoiseVector {
    static let vector = NoiseVectorTests.Vector(
        protocolName: "Noise_XX_25519_ChaChaPoly_BLAKE2b", initPrologue: "6f70656e",
        initStatic: String(repeating: "11", count: 32),
        initEphemeral: String(repeating: "12", count: 32),
        respStatic: String(repeating: "13", count: 32),
        respEphemeral: String(repeating: "14", count: 32),
        handshakeHash: "", messages: [
            .init(payload: "", ciphertext: ""), .init(payload: "0102", ciphertext: ""),
            .init(payload: "03", ciphertext: ""), .init(payload: "04", ciphertext: ""),
            .init(payload: "05", ciphertext: ""),
        ])
}
