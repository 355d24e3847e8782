/// Why a connection's bytes were refused. Each of them closes the connection.
package enum FrameError: Error, Equatable, Sendable {
    case frameTooLong(limit: Int, found: Int)
    case frameTooShort(found: Int)
    case unknownKind(UInt8)
    /// What is not a message does not decode.
    case malformed(kind: UInt8)
    /// Addresses that nobody asked for.
    case unasked
    case messageTooLong(channel: NetworkChannel, limit: Int, found: Int)
    /// A continuation without a beginning, a beginning inside a message, or more bytes than said.
    case outOfSequence(channel: NetworkChannel)
}
