// Whether the library at hand judges as the chain's rules were pinned. Two nodes whose libraries
// disagree about one signature would fork, so a node asks before it validates.

import Primitives

package enum SelfCheck {
    package enum Failure: Error, Equatable {
        case hash
        /// A signature was judged otherwise than pinned.
        case signature(VerdictName)
        case vrf
    }

    /// What a pinned signature examines.
    package enum VerdictName: Equatable, Sendable {
        case honest
        /// S raised by the order of the group: the same signature in other bytes.
        case raisedS
        /// R carries a part of small order, which verification with a cofactor would accept.
        case mixedR
        /// The key carries a part of small order, which only the check of the key notices.
        case mixedKey
        /// Key and R are edge cases of ZIP-215, by their places in its list.
        case smallOrder(key: Int, r: Int)
    }

    package static func run() throws(Failure) {
        try checkHash()
        try checkSignatures()
        try checkVRF()
    }

    private static func checkHash() throws(Failure) {
        let expected = "6b3f345ea3a09b484e00e068183c07daba92864435150815038893414186f34a"
        guard Hex.encode(taggedHash(HashTag("openledger/self-check/v1"), []).bytes) == expected
        else { throw .hash }
    }

    private static func checkSignatures() throws(Failure) {
        for verdict in pinnedVerdicts {
            let signature = value(of: verdict.r + verdict.s, as: Signature.self)
            let key = value(of: verdict.key, as: PublicKey.self)
            let message = Array(verdict.message.utf8)
            guard Ed25519.verify(signature, of: message, by: key) == verdict.accepted else {
                throw .signature(verdict.name)
            }
        }
        for (keyIndex, keyText) in edgePoints.enumerated() {
            let key = value(of: keyText, as: PublicKey.self)
            for (index, r) in edgePoints.enumerated() {
                let signature = value(of: r + zeroScalar, as: Signature.self)
                guard !Ed25519.verify(signature, of: Array("dummy".utf8), by: key) else {
                    throw .signature(.smallOrder(key: keyIndex, r: index))
                }
            }
        }
    }

    /// RFC 9381, appendix B.3, example 18.
    private static func checkVRF() throws(Failure) {
        let key = value(
            of: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            as: PublicKey.self
        )
        let proof = value(
            of: "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf80"
                + "96bb474e53895c362d8628ee9f9ea3c0e52c7a5c691b6c18c9979866568add7a"
                + "2d41b00b05081ed0f58ee5e31b3a970e",
            as: VRFProof.self
        )
        let output =
            "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c45"
            + "2118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f"
        guard
            VRF.output(of: proof, alpha: [0xaf, 0x82], by: key).map({ Hex.encode($0) }) == output,
            VRF.output(of: proof, alpha: [0xaf, 0x83], by: key) == nil
        else { throw .vrf }
    }

    /// - Precondition: the text of this file is right.
    private static func value<let count: Int, Tag>(
        of text: String,
        as type: FixedBytes<count, Tag>.Type
    ) -> FixedBytes<count, Tag> {
        guard let value = Hex.decode(text).flatMap({ FixedBytes<count, Tag>($0) }) else {
            preconditionFailure("a pinned value has the wrong length")
        }
        return value
    }
}

private struct PinnedVerdict {
    let name: SelfCheck.VerdictName
    let accepted: Bool
    let key: String
    let message: String
    let r: String
    let s: String
}

private let honestKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
private let honestR = "3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a"
private let zeroScalar = String(repeating: "0", count: 64)

private let pinnedVerdicts = [
    PinnedVerdict(
        name: .honest,
        accepted: true,
        key: honestKey,
        message: "openledger",
        r: honestR,
        s: "688699d72670cea6804d13f2bb230ec6b0490093224719f3eec8e776c1ba0e09"
    ),
    PinnedVerdict(
        name: .raisedS,
        accepted: false,
        key: honestKey,
        message: "openledger",
        r: honestR,
        s: "555a8f3441d3e0fe56ea0a959a1deddab0490093224719f3eec8e776c1ba0e19"
    ),
    PinnedVerdict(
        name: .mixedR,
        accepted: false,
        key: honestKey,
        message: "openledger",
        r: "607055ca3d4aa8af26961afb12b1e60a75fac88f9c260ff25806631dbb269159",
        s: "0d250280717b07277f3194e03d79bf5e8f2e10e65c3bce482845fd90c6d78e07"
    ),
    PinnedVerdict(
        name: .mixedKey,
        accepted: false,
        key: "3b5b475c4b82dd1572799fc546f4c6c03e478c6654aa4c7f945b347ea32af60d",
        message: "openledger 4",
        r: honestR,
        s: "a7d67297a50aa19426e569edd62cfff0c8466dffa7b09c24c89a7a6f40957c09"
    ),
]

/// The fourteen encodings of points of small order, canonical and not (ZIP-215).
private let edgePoints = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]
