import NIOCore
import NIOPosix
import Synchronization

/// A TCP relay that flips one bit of what one side sends, at a position counted from the start.
final class FlippingProxy: Sendable {
    enum Direction: Sendable { case toServer, toClient }

    let port: Int
    private let listener: any Channel

    init(to server: Int, flipping direction: Direction, at position: Int) async throws {
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { inbound in
                ClientBootstrap(group: inbound.eventLoop)
                    .channelOption(.autoRead, value: false)
                    .connect(host: "127.0.0.1", port: server)
                    .flatMapThrowing { outbound in
                        try inbound.pipeline.syncOperations.addHandler(
                            Relay(to: outbound, flip: direction == .toServer ? position : nil)
                        )
                        try outbound.pipeline.syncOperations.addHandler(
                            Relay(to: inbound, flip: direction == .toClient ? position : nil)
                        )
                        inbound.setOption(.autoRead, value: true).whenComplete { _ in }
                        outbound.setOption(.autoRead, value: true).whenComplete { _ in }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
    }

    func close() async throws { try await listener.close().get() }
}

private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let target: any Channel
    private let flip: Int?
    private var seen = 0

    init(to target: any Channel, flip: Int?) {
        self.target = target
        self.flip = flip
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Array(unwrapInboundIn(data).readableBytesView)
        if let flip, (seen..<seen + bytes.count).contains(flip) { bytes[flip - seen] ^= 4 }
        seen += bytes.count
        target.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { target.close(promise: nil) }
}
