// SHA-2 (FIPS 180-4), for outside formats only: file hashes, BIP-39, SLIP-0010 and RFC 9381.

import CSodium

/// SHA-256 of bytes that may come in pieces.
package struct SHA256 {
    private var state = crypto_hash_sha256_state()

    package init() {
        Sodium.prepare()
        _ = unsafe crypto_hash_sha256_init(&state)
    }

    package mutating func update(_ bytes: [UInt8]) {
        _ = unsafe crypto_hash_sha256_update(&state, bytes, UInt64(bytes.count))
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        _ = unsafe crypto_hash_sha256_update(
            &state,
            base.assumingMemoryBound(to: UInt8.self),
            UInt64(bytes.count)
        )
    }

    /// The 32 bytes. Works on a copy, so more bytes may follow.
    package func finalize() -> [UInt8] {
        var copy = state
        var output = [UInt8](repeating: 0, count: 32)
        _ = unsafe crypto_hash_sha256_final(&copy, &output)
        return output
    }

    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.finalize()
    }
}

package enum SHA512 {
    /// The 64 bytes.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        Sodium.prepare()
        var output = [UInt8](repeating: 0, count: 64)
        _ = unsafe crypto_hash_sha512(&output, bytes, UInt64(bytes.count))
        return output
    }

    /// HMAC-SHA-512 (RFC 2104), 64 bytes, with a key of any length.
    package static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        Sodium.prepare()
        var state = crypto_auth_hmacsha512_state()
        var output = [UInt8](repeating: 0, count: 64)
        _ = unsafe crypto_auth_hmacsha512_init(&state, key, key.count)
        _ = unsafe crypto_auth_hmacsha512_update(&state, message, UInt64(message.count))
        _ = unsafe crypto_auth_hmacsha512_final(&state, &output)
        return output
    }

    /// PBKDF2 with HMAC-SHA-512 (RFC 8018), for BIP-39 only: guessing it is too cheap for key files.
    /// - Precondition: at least one round, and one byte of output.
    package static func deriveKey(
        password: [UInt8],
        salt: [UInt8],
        rounds: Int,
        length: Int
    ) -> [UInt8] {
        precondition(rounds > 0 && length > 0)
        Sodium.prepare()
        var keyed = crypto_auth_hmacsha512_state()
        _ = unsafe crypto_auth_hmacsha512_init(&keyed, password, password.count)
        var output: [UInt8] = []
        var block: UInt32 = 1
        while output.count < length {
            let index = stride(from: 24, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: block >> $0)
            }
            var link = authenticate(salt + index, keyed)
            var sum = link
            for _ in 1..<rounds {
                link = authenticate(link, keyed)
                for offset in sum.indices { sum[offset] ^= link[offset] }
            }
            output += sum
            block += 1
        }
        return Array(output.prefix(length))
    }

    /// HMAC that continues from a state which has absorbed the key.
    private static func authenticate(
        _ message: [UInt8],
        _ keyed: crypto_auth_hmacsha512_state
    ) -> [UInt8] {
        var state = keyed
        var output = [UInt8](repeating: 0, count: 64)
        _ = unsafe crypto_auth_hmacsha512_update(&state, message, UInt64(message.count))
        _ = unsafe crypto_auth_hmacsha512_final(&state, &output)
        return output
    }
}
