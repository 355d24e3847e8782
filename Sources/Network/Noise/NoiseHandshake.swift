// Noise_XX_25519_ChaChaPoly_BLAKE2b (Noise Protocol Framework, revision 34), as a state machine:
// bytes in, bytes out. It assumes that both key pairs were drawn from a good random source.

/// The XX handshake, seen from one side.
///
///     -> e
///     <- e, ee, s, es
///     -> s, se
package struct NoiseHandshake: Sendable {
    package enum Role: Sendable { case initiator, responder }

    /// Longest handshake message accepted; ours are below 300 bytes.
    package static let messageBytesLimit = 1024

    private enum Token { case ephemeral, staticKey, ee, es, se }
    private static let pattern: [[Token]] = [
        [.ephemeral], [.ephemeral, .ee, .staticKey, .es], [.staticKey, .se],
    ]

    package let role: Role
    private var symmetric: NoiseSymmetricState
    private let staticKey: NoiseKeyPair
    private let ephemeral: NoiseKeyPair
    private var remoteEphemeral: [UInt8]?
    private var remoteStatic: [UInt8]?
    private var position = 0

    package init(
        role: Role,
        prologue: [UInt8],
        staticKey: NoiseKeyPair,
        ephemeral: NoiseKeyPair
    ) {
        self.role = role
        self.staticKey = staticKey
        self.ephemeral = ephemeral
        symmetric = NoiseSymmetricState(protocolName: NoiseSuite.name, prologue: prologue)
    }

    package var isComplete: Bool { position == Self.pattern.count }

    package var isOurTurn: Bool {
        !isComplete && position.isMultiple(of: 2) == (role == .initiator)
    }

    /// The next message, carrying `payload`.
    package mutating func write(_ payload: [UInt8]) throws(NoiseError) -> [UInt8] {
        guard isOurTurn else { throw .outOfTurn }
        var message: [UInt8] = []
        for token in Self.pattern[position] {
            switch token {
            case .ephemeral:
                message += ephemeral.publicKey
                symmetric.mixHash(ephemeral.publicKey)
            case .staticKey:
                message += try symmetric.encryptAndHash(staticKey.publicKey)
            case .ee, .es, .se:
                try mix(token)
            }
        }
        message += try symmetric.encryptAndHash(payload)
        position += 1
        return message
    }

    /// The payload of the peer's message. After an error the handshake must be dropped.
    package mutating func read(_ message: [UInt8]) throws(NoiseError) -> [UInt8] {
        guard !isComplete, !isOurTurn else { throw .outOfTurn }
        guard message.count <= Self.messageBytesLimit else {
            throw .tooLong(limit: Self.messageBytesLimit, found: message.count)
        }
        var rest = message[...]
        for token in Self.pattern[position] {
            switch token {
            case .ephemeral:
                let key = try take(32, from: &rest)
                remoteEphemeral = key
                symmetric.mixHash(key)
            case .staticKey:
                let sealed = try take(32 + symmetric.overhead, from: &rest)
                remoteStatic = try symmetric.decryptAndHash(sealed)
            case .ee, .es, .se:
                try mix(token)
            }
        }
        let payload = try symmetric.decryptAndHash(Array(rest))
        position += 1
        return payload
    }

    /// The keys of the connection; nil until the handshake is complete.
    package func session() -> NoiseSession? {
        guard isComplete, let remoteStatic else { return nil }
        let (first, second) = symmetric.split()
        let isInitiator = role == .initiator
        return NoiseSession(
            sending: isInitiator ? first : second,
            receiving: isInitiator ? second : first,
            remoteStatic: remoteStatic,
            handshakeHash: symmetric.hash
        )
    }

    /// The peer's static key, once its message has been read.
    package var peerStatic: [UInt8]? { remoteStatic }

    private mutating func mix(_ token: Token) throws(NoiseError) {
        // "es" is the initiator's ephemeral with the responder's static key; "se" the other two.
        let usesOurStatic = token == (role == .initiator ? .se : .es)
        let ours = usesOurStatic ? staticKey : ephemeral
        let theirs = token == .ee || usesOurStatic ? remoteEphemeral : remoteStatic
        guard let theirs else { throw .outOfTurn }
        guard let secret = NoiseSuite.agree(ours, with: theirs) else { throw .weakKey }
        symmetric.mixKey(secret)
    }

    private func take(
        _ count: Int,
        from rest: inout ArraySlice<UInt8>
    ) throws(NoiseError) -> [UInt8] {
        guard rest.count >= count else { throw .truncated(needed: count, found: rest.count) }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
