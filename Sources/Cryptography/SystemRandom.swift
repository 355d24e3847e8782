import CSodium

/// Random bytes of the operating system, for keys, nonces and salts. The shell draws them; the core
/// receives them as input.
package struct SystemRandom: RandomNumberGenerator, Sendable {
    package init() {}

    package static func bytes(_ count: Int) -> [UInt8] {
        Sodium.prepare()
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe randombytes_buf(&bytes, count)
        return bytes
    }

    package mutating func next() -> UInt64 {
        Self.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
