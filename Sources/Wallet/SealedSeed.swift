// A secret key under a password: Argon2id makes guessing dear, XChaCha20-Poly1305 notices any
// change. Pure; files, their modes and their JSON belong to the shell.

package import Cryptography
package import Primitives

/// What a key file holds. The public key is readable and bound to the rest: exchanging it, the cost
/// or the salt makes opening fail.
package struct SealedSeed: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        case password(Argon2id.Failure)
        /// The password is wrong, or the file was changed.
        case refused
    }

    package let publicKey: PublicKey
    package let cost: Argon2id.Cost
    /// 16 bytes.
    package let salt: [UInt8]
    package let nonce: XChaChaPoly.Nonce
    /// The seed and a tag, 48 bytes.
    package let sealed: [UInt8]

    package init(
        publicKey: PublicKey,
        cost: Argon2id.Cost,
        salt: [UInt8],
        nonce: XChaChaPoly.Nonce,
        sealed: [UInt8]
    ) {
        self.publicKey = publicKey
        self.cost = cost
        self.salt = salt
        self.nonce = nonce
        self.sealed = sealed
    }

    /// Seals a key's seed. Salt and nonce must be random and never used before.
    package init(
        sealing key: borrowing SigningKey,
        password: String,
        cost: Argon2id.Cost = .standard,
        salt: [UInt8],
        nonce: XChaChaPoly.Nonce
    ) throws(Failure) {
        let cipherKey = try Self.cipherKey(password, salt, cost)
        let associated = Self.associated(key.publicKey, cost, salt)
        self.init(
            publicKey: key.publicKey,
            cost: cost,
            salt: salt,
            nonce: nonce,
            sealed: XChaChaPoly.seal(
                key.exposedSeed(),
                key: cipherKey,
                nonce: nonce,
                associated: associated
            )
        )
    }

    /// Seals a key's seed with fresh salt and nonce.
    package init(
        sealing key: borrowing SigningKey,
        password: String,
        cost: Argon2id.Cost = .standard
    ) throws(Failure) {
        guard let nonce = XChaChaPoly.Nonce(SystemRandom.bytes(XChaChaPoly.Nonce.byteCount)) else {
            throw .refused
        }
        let salt = SystemRandom.bytes(Argon2id.saltLength)
        try self.init(sealing: key, password: password, cost: cost, salt: salt, nonce: nonce)
    }

    package func open(password: String) throws(Failure) -> SigningKey {
        let cipherKey = try Self.cipherKey(password, salt, cost)
        let associated = Self.associated(publicKey, cost, salt)
        guard
            let seed = XChaChaPoly.open(
                sealed,
                key: cipherKey,
                nonce: nonce,
                associated: associated
            )
        else { throw .refused }
        do {
            return try SigningKey(seed: seed)
        } catch {
            throw .refused
        }
    }

    private static func cipherKey(
        _ password: String,
        _ salt: [UInt8],
        _ cost: Argon2id.Cost
    ) throws(Failure) -> SymmetricKey {
        do {
            return try Argon2id.deriveKey(
                password: normalized(password),
                salt: salt,
                cost: cost
            )
        } catch {
            throw .password(error)
        }
    }

    private static func associated(
        _ publicKey: PublicKey,
        _ cost: Argon2id.Cost,
        _ salt: [UInt8]
    ) -> [UInt8] {
        var writer = BorshWriter()
        writer.writeRaw(Array("openledger/key-file/v1".utf8))
        writer.write(publicKey)
        writer.write(UInt64(cost.memoryBytes))
        writer.write(UInt32(cost.passes))
        writer.writeBytes(salt)
        return writer.bytes
    }
}
