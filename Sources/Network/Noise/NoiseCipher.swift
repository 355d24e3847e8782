/// `CipherState` of the Noise specification, section 5.1: a key and the number of messages it has
/// protected. Without a key it passes bytes through, as the first handshake message needs.
package struct NoiseCipher: Sendable {
    package static let tagBytes = 16

    private var key: NoiseCipherKey?
    private var nonce: UInt64 = 0

    /// Without a key.
    init() {}

    /// - Parameter output: of the key derivation; its first 32 bytes are the key.
    init(derived output: [UInt8]) { key = NoiseCipherKey(output.prefix(NoiseSuite.keyBytes)) }

    package var hasKey: Bool { key != nil }

    package mutating func seal(
        _ plaintext: [UInt8],
        associated: [UInt8]
    ) throws(NoiseError) -> [UInt8] {
        guard let key else { return plaintext }
        let counter = try takeNonce()
        return NoiseSuite.seal(plaintext, associated: associated, key: key, counter: counter)
    }

    /// A refused message leaves the state as it was.
    package mutating func open(
        _ ciphertext: [UInt8],
        associated: [UInt8]
    ) throws(NoiseError) -> [UInt8] {
        guard let key else { return ciphertext }
        guard ciphertext.count >= Self.tagBytes else {
            throw .truncated(needed: Self.tagBytes, found: ciphertext.count)
        }
        guard nonce < .max else { throw .nonceExhausted }
        guard
            let plaintext = NoiseSuite.open(
                ciphertext,
                associated: associated,
                key: key,
                counter: nonce
            )
        else { throw .notAuthentic }
        nonce += 1
        return plaintext
    }

    /// Replaces the key by one derived from it (section 4.2), so that an old key cannot be found
    /// in memory later. The counter goes on.
    package mutating func rekey() {
        guard let key else { return }
        let zeros = [UInt8](repeating: 0, count: NoiseSuite.keyBytes)
        let sealed = NoiseSuite.seal(zeros, associated: [], key: key, counter: .max)
        self.key = NoiseCipherKey(sealed.prefix(NoiseSuite.keyBytes))
    }

    /// The largest counter is reserved for `rekey`.
    private mutating func takeNonce() throws(NoiseError) -> UInt64 {
        guard nonce < .max else { throw .nonceExhausted }
        defer { nonce += 1 }
        return nonce
    }
}
