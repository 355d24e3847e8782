/// Why a handshake or a transport message was refused.
package enum NoiseError: Error, Equatable, Sendable {
    /// The authentication tag does not match: altered bytes, another prologue, or another key.
    case notAuthentic
    case truncated(needed: Int, found: Int)
    case tooLong(limit: Int, found: Int)
    /// The peer's key leads to an all-zero shared secret (a low-order point).
    case weakKey
    /// A message was asked for out of turn.
    case outOfTurn
    /// 2^64 - 1 messages were sent under one key.
    case nonceExhausted
    /// The payload does not carry a valid signature of the static key by the identity key.
    case badIdentity
}
