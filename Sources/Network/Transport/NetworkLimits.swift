package import NIOCore

/// Times and sizes of the transport.
package struct NetworkLimits: Sendable {
    package var handshakeDeadline = TimeAmount.seconds(5)
    package var pingAfter = TimeAmount.seconds(5)
    /// A peer that says nothing, or takes nothing, for this long is dropped.
    package var silenceDeadline = TimeAmount.seconds(20)
    package var firstRetry = TimeAmount.milliseconds(200)
    package var longestRetry = TimeAmount.seconds(10)
    package var connectTimeout = TimeAmount.seconds(5)
    /// Established connections that peers opened; configured peers do not count.
    package var inboundPeers = 64
    /// Connections that have not finished their handshake.
    package var pendingHandshakes = 128
    /// Bytes received from one peer that nobody has consumed yet; reading pauses above it.
    package var unconsumedBytes = 8 << 20
    /// NIO's write watermarks, in bytes handed to the socket.
    package var writeLow = 32 << 10
    package var writeHigh = 128 << 10

    package init() {}
}
