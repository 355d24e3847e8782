/// Why a connection's bytes were refused. Each of them closes the connection.
package enum FrameError: Error, Equatable, Sendable {
    case frameTooLong(limit: Int, found: Int)
    case frameTooShort(found: Int)
    case unknownKind(UInt8)
    case messageTooLong(channel: NetworkChannel, limit: Int, found: Int)
    /// A continuation without a beginning, a beginning inside a message, or more bytes than said.
    case outOfSequence(channel: NetworkChannel)
}
