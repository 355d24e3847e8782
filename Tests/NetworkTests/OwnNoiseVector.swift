/// Recorded from this implementation when it met the published vectors.
enum OwnNoiseVector {
    static let vector = NoiseVectorTests.Vector(
        protocolName: "Noise_XX_25519_ChaChaPoly_BLAKE2b",
        initPrologue: "6f70656e",
        initStatic: String(repeating: "11", count: 32),
        initEphemeral: String(repeating: "12", count: 32),
        respStatic: String(repeating: "13", count: 32),
        respEphemeral: String(repeating: "14", count: 32),
        handshakeHash:
            "d05e0fcab68e0c3a69bb56c861edd63234eb37cd442d8e9a2c7f6722d2c2a593cb431d169057"
            + "13e2ae2f999a38bd370f81343c9b9383066ea018c9f16269c6f6",
        messages: [
            .init(
                payload: "",
                ciphertext: "052a50773ac8d91773f2dc9662e12f0defe915e415b8a1c8e20a5a3d6ab2b843"
            ),
            .init(
                payload: "0102",
                ciphertext:
                    "18a6f8c1a7fddf22bd410138f79f7298cd38d1d0a542d4266d556be8609d8862bdc0b1529d9e"
                    + "18f63bf24d574c6c6ad398c4aa878300b73e2befc1668a86b7cffb73774327015ef4a1152a1b"
                    + "15c6a36539477d1249bebce3d57a4a26846c8deed7dc"
            ),
            .init(
                payload: "03",
                ciphertext:
                    "0420ebef90c74dd5358af9bb30fe6a09cd1401b8803254d4f262965195165c1fb59c835558b5"
                    + "b178aeef15f1ab18c8c2d35c59a8956b7cc8421eb8211245bee9b4"
            ),
            .init(payload: "04", ciphertext: "daa616fad37c005d6c8b5aba404f942bab"),
            .init(payload: "05", ciphertext: "833dd0dda04b19a5c7b5b80177b32bceb3"),
        ]
    )
}
