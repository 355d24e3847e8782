package import NIOCore

/// Cuts a byte stream into frames: a big-endian `UInt32` length, then that many bytes. The length
/// is judged before anything is stored for it.
package struct FrameReader: Sendable {
    static let prefixBytes = 4

    private var buffer = ByteBuffer()

    package init() {}

    package mutating func append(_ bytes: inout ByteBuffer) { buffer.writeBuffer(&bytes) }

    /// The next whole frame of at most `limit` bytes, or nil until more bytes arrive.
    package mutating func next(limit: Int) throws(FrameError) -> [UInt8]? {
        guard
            let prefix = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self)
        else { return nil }
        let length = Int(prefix)
        guard length <= limit else { throw .frameTooLong(limit: limit, found: length) }
        guard length > 0 else { throw .frameTooShort(found: 0) }
        guard buffer.readableBytes >= Self.prefixBytes + length else { return nil }
        buffer.moveReaderIndex(forwardBy: Self.prefixBytes)
        let frame = buffer.readBytes(length: length)
        buffer.discardReadBytes()
        return frame
    }
}
