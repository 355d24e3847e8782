/// What a finished handshake leaves: one cipher a direction, and who is at the other end.
package struct NoiseSession: Sendable {
    /// Messages under one key. Both ends count, so no message announces the change.
    package static let messagesPerKey: UInt64 = 1 << 16

    private var sending: NoiseCipher
    private var receiving: NoiseCipher
    private var sent: UInt64 = 0
    private var received: UInt64 = 0
    package let remoteStatic: [UInt8]
    /// Unique to this connection.
    package let handshakeHash: [UInt8]

    init(
        sending: NoiseCipher,
        receiving: NoiseCipher,
        remoteStatic: [UInt8],
        handshakeHash: [UInt8]
    ) {
        self.sending = sending
        self.receiving = receiving
        self.remoteStatic = remoteStatic
        self.handshakeHash = handshakeHash
    }

    package mutating func seal(_ plaintext: [UInt8]) throws(NoiseError) -> [UInt8] {
        let sealed = try sending.seal(plaintext, associated: [])
        sent += 1
        if sent.isMultiple(of: Self.messagesPerKey) { sending.rekey() }
        return sealed
    }

    package mutating func open(_ sealed: [UInt8]) throws(NoiseError) -> [UInt8] {
        let plaintext = try receiving.open(sealed, associated: [])
        received += 1
        if received.isMultiple(of: Self.messagesPerKey) { receiving.rekey() }
        return plaintext
    }
}
