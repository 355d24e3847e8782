import Cryptography
import Primitives
import TestSupport
import Testing

@Suite("VRF") struct VRFTests {
    /// RFC 9381, appendix B.3, examples 16 to 18.
    private static let vectors = [
        (
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", alpha: "",
            proof:
                "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee"
                + "1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
            output: "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff"
                + "66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae"
        ),
        (
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", alpha: "72",
            proof:
                "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3e"
                + "d7f2fea45c92a465301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
            output: "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb"
                + "5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031"
        ),
        (
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            alpha: "af82",
            proof:
                "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c36"
                + "2d8628ee9f9ea3c0e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
            output: "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c45"
                + "2118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f"
        ),
    ]

    @Test("the examples of RFC 9381 are proved and verified")
    func reference() throws {
        for vector in Self.vectors {
            let key = try SigningKey(seed: try #require(Hex.decode(vector.seed)))
            let alpha = try #require(Hex.decode(vector.alpha))
            let proof = VRF.prove(alpha, with: key)
            #expect(Hex.encode(proof.bytes) == vector.proof)
            let output = VRF.output(of: proof, alpha: alpha, by: key.publicKey)
            #expect(output.map { Hex.encode($0) } == vector.output)
        }
    }

    @Test("any changed bit of the proof, another input or another key proves nothing")
    func tampering() throws {
        let key = try SigningKey(seed: [UInt8](repeating: 3, count: 32))
        let other = try SigningKey(seed: [UInt8](repeating: 4, count: 32))
        let proof = VRF.prove([1, 2], with: key)
        for bit in stride(from: 0, to: 640, by: 3) {
            var changed = proof.bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            let forged = try #require(VRFProof(changed))
            #expect(VRF.output(of: forged, alpha: [1, 2], by: key.publicKey) == nil)
        }
        #expect(VRF.output(of: proof, alpha: [1, 3], by: key.publicKey) == nil)
        #expect(VRF.output(of: proof, alpha: [1, 2], by: other.publicKey) == nil)
    }

    @Test("keys of small order prove nothing")
    func smallOrder() throws {
        let proof = VRF.prove([1], with: try SigningKey(seed: [UInt8](repeating: 3, count: 32)))
        let identity = try #require(PublicKey([1] + [UInt8](repeating: 0, count: 31)))
        #expect(VRF.output(of: proof, alpha: [1], by: identity) == nil)
        #expect(VRF.output(of: proof, alpha: [1], by: .zero) == nil)
    }

    @Test("a response raised by the order of the group is refused")
    func canonicalResponse() throws {
        let key = try SigningKey(seed: [UInt8](repeating: 5, count: 32))
        let proof = VRF.prove([9], with: key).bytes
        let order = try #require(
            Hex.decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        )
        var raised = proof
        var carry = 0
        for offset in 0..<32 {
            let sum = Int(proof[48 + offset]) + Int(order[offset]) + carry
            raised[48 + offset] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        let forged = try #require(VRFProof(raised))
        #expect(VRF.output(of: forged, alpha: [9], by: key.publicKey) == nil)
    }

    @Test("the start-up check passes with the library at hand")
    func selfCheck() throws {
        try SelfCheck.run()
    }
}
