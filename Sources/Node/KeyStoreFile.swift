import Cryptography
package import JSON
package import Primitives
package import Wallet

/// What a key file holds.
package struct KeyFile: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        /// 32 bytes that anyone who reads the file can use.
        case seed([UInt8])
        case sealed(SealedSeed)
    }

    package enum Failure: Error, Equatable {
        case unknownVersion
        case field(String)
    }

    package let content: Content
    package let publicKey: PublicKey

    init(content: Content, publicKey: PublicKey) {
        self.content = content
        self.publicKey = publicKey
    }

    package init(json: JSON) throws(Failure) {
        guard json["version"] == 1 else { throw .unknownVersion }
        guard let publicKey = Self.bytes(json["publicKey"]).flatMap({ PublicKey($0) }) else {
            throw .field("publicKey")
        }
        self.publicKey = publicKey
        if let seed = json["seed"] {
            guard let bytes = Self.bytes(seed), let key = try? SigningKey(seed: bytes) else {
                throw .field("seed")
            }
            guard key.publicKey == publicKey else { throw .field("publicKey") }
            content = .seed(bytes)
            return
        }
        guard let memory = json["argon2id"]?["memoryBytes"]?.integer(Int.self),
            let passes = json["argon2id"]?["passes"]?.integer(Int.self),
            let cost = try? Argon2id.Cost(memoryBytes: memory, passes: passes),
            let salt = Self.bytes(json["argon2id"]?["salt"]), salt.count == Argon2id.saltLength
        else { throw .field("argon2id") }
        guard
            let nonce = Self.bytes(json["xchacha20poly1305"]?["nonce"])
                .flatMap({ XChaChaPoly.Nonce($0) }),
            let sealed = Self.bytes(json["xchacha20poly1305"]?["sealed"])
        else { throw .field("xchacha20poly1305") }
        content = .sealed(
            SealedSeed(publicKey: publicKey, cost: cost, salt: salt, nonce: nonce, sealed: sealed)
        )
    }

    package var json: JSON {
        let publicKey = JSON.string(publicKey.description)
        switch content {
        case .seed(let seed):
            return [
                "version": 1, "publicKey": publicKey, "seed": .string("0x" + Hex.encode(seed)),
            ]
        case .sealed(let sealed):
            return [
                "version": 1, "publicKey": publicKey,
                "argon2id": [
                    "memoryBytes": .integer(sealed.cost.memoryBytes),
                    "passes": .integer(sealed.cost.passes),
                    "salt": .string("0x" + Hex.encode(sealed.salt)),
                ],
                "xchacha20poly1305": [
                    "nonce": .string(sealed.nonce.description),
                    "sealed": .string("0x" + Hex.encode(sealed.sealed)),
                ],
            ]
        }
    }

    private static func bytes(_ value: JSON?) -> [UInt8]? {
        guard let text = value?.string, text.hasPrefix("0x") else { return nil }
        return Hex.decode(text)
    }
}
