import Cryptography
import Primitives
import TestSupport
import Testing

@Suite("Ed25519") struct Ed25519Tests {
    /// RFC 8032, section 7.1, tests 1 to 3.
    private static let vectors = [
        (
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
            signature:
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a3"
                + "3bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
            signature:
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15"
                + "996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            message: "af82",
            signature:
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16"
                + "f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ]

    @Test("the vectors of RFC 8032 sign and verify")
    func reference() throws {
        for vector in Self.vectors {
            let key = try SigningKey(seed: try #require(Hex.decode(vector.seed)))
            let message = try #require(Hex.decode(vector.message))
            let signature = key.sign(message)
            #expect(Hex.encode(key.publicKey.bytes) == vector.key)
            #expect(Hex.encode(signature.bytes) == vector.signature)
            #expect(Ed25519.verify(signature, of: message, by: key.publicKey))
            #expect(Ed25519.verify(signature, of: message, by: key.publicKey))
            #expect(!Ed25519.verify(signature, of: message + [0], by: key.publicKey))
            #expect(Hex.encode(key.exposedSeed()) == vector.seed)
        }
    }

    @Test("every flipped bit of a signature is noticed")
    func flips() throws {
        let key = try SigningKey(seed: [UInt8](repeating: 7, count: 32))
        let signature = key.sign([1, 2, 3]).bytes
        for bit in 0..<512 {
            var changed = signature
            changed[bit / 8] ^= 1 << (bit % 8)
            let forged = try #require(Signature(changed))
            #expect(!Ed25519.verify(forged, of: [1, 2, 3], by: key.publicKey))
        }
    }

    @Test("a seed has 32 bytes", arguments: [0, 31, 33, 64])
    func seedLength(count: Int) {
        #expect(throws: SigningKey.KeyError.seedLength(count)) {
            _ = try SigningKey(seed: [UInt8](repeating: 0, count: count))
        }
    }

    @Test("keys of small order, off the curve or written twice over are refused")
    func keys() throws {
        let refused = [
            "0100000000000000000000000000000000000000000000000000000000000000",  // identity
            "0000000000000000000000000000000000000000000000000000000000000000",  // order 4
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // order 2
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  // order 8
            "0200000000000000000000000000000000000000000000000000000000000000",  // no point
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // identity again
        ]
        for text in refused {
            let key = try #require(Hex.decode(text).flatMap { PublicKey($0) })
            #expect(!Ed25519.isValidKey(key), "\(text)")
        }
        let generated = SigningKey.generate()
        #expect(Ed25519.isValidKey(generated.publicKey))
        #expect(SigningKey.generate().publicKey != generated.publicKey)
    }
}
