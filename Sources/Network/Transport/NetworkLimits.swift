package import NIOCore

/// Times and sizes of the transport.
package struct NetworkLimits: Sendable {
    package var handshakeDeadline = TimeAmount.seconds(4)
    package var pingAfter = TimeAmount.seconds(5)
    /// A peer that says nothing, or takes nothing, for this long is dropped.
    package var silenceDeadline = TimeAmount.seconds(20)
    /// A peer that takes nothing for this long while much waits for it is dropped.
    package var stuckDeadline = TimeAmount.seconds(4)
    package var stuckBytes = 256 << 10
    /// How often a connection is looked at for these.
    package var livenessInterval = TimeAmount.seconds(1)
    package var firstRetry = TimeAmount.milliseconds(200)
    package var longestRetry = TimeAmount.seconds(10)
    package var connectTimeout = TimeAmount.seconds(5)
    /// Connections that peers open; those of configured peers do not count once they are known.
    package var inbound = InboundGate.Limits()
    /// Peers to find and dial beyond the configured ones, each in another address group.
    package var outboundPeers = 8
    /// How often one of them is sought, while some are missing.
    package var searchInterval = TimeAmount.seconds(2)
    /// How often an address is only tried, while none is missing.
    package var feelerInterval = TimeAmount.seconds(120)
    /// How often one peer is told addresses.
    package var addressInterval = TimeAmount.seconds(60)
    /// Bytes received from one configured peer that nobody has consumed yet; reading pauses above.
    package var unconsumedBytes = 8 << 20
    /// The same for any other peer.
    package var unconsumedStrangerBytes = 256 << 10
    /// See `MemoryPool`.
    package var strangerBytes = 32 << 20
    /// NIO's write watermarks, in bytes handed to the socket.
    package var writeLow = 32 << 10
    package var writeHigh = 128 << 10

    package init() {}
}
