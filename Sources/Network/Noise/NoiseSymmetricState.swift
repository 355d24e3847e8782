/// `SymmetricState` of the Noise specification, section 5.2, for BLAKE2b (HASHLEN = 64).
struct NoiseSymmetricState: Sendable {
    private var chainingKey: [UInt8]
    private(set) var hash: [UInt8]
    private var cipher = NoiseCipher()

    /// - Parameter protocolName: hashed when longer than 64 bytes, padded with zeros otherwise.
    init(protocolName: String, prologue: [UInt8]) {
        let name = Array(protocolName.utf8)
        hash =
            name.count <= NoiseSuite.hashBytes
            ? name + [UInt8](repeating: 0, count: NoiseSuite.hashBytes - name.count)
            : NoiseSuite.hash(name)
        chainingKey = hash
        mixHash(prologue)
    }

    mutating func mixHash(_ bytes: [UInt8]) { hash = NoiseSuite.hash(hash + bytes) }

    mutating func mixKey(_ secret: [UInt8]) {
        let (chain, key) = NoiseSuite.derive(chainingKey, secret)
        chainingKey = chain
        cipher = NoiseCipher(derived: key)
    }

    mutating func encryptAndHash(_ plaintext: [UInt8]) throws(NoiseError) -> [UInt8] {
        let ciphertext = try cipher.seal(plaintext, associated: hash)
        mixHash(ciphertext)
        return ciphertext
    }

    mutating func decryptAndHash(_ ciphertext: [UInt8]) throws(NoiseError) -> [UInt8] {
        let plaintext = try cipher.open(ciphertext, associated: hash)
        mixHash(ciphertext)
        return plaintext
    }

    /// Bytes by which a field grows when it is encrypted now.
    var overhead: Int { cipher.hasKey ? NoiseCipher.tagBytes : 0 }

    func split() -> (first: NoiseCipher, second: NoiseCipher) {
        let (first, second) = NoiseSuite.derive(chainingKey, [])
        return (NoiseCipher(derived: first), NoiseCipher(derived: second))
    }
}
