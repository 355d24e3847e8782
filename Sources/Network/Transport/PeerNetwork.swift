// The node's links to its peers. Callers see peers by their Ed25519 keys and whole messages;
// connections, encryption and retries stay in here.

import Cryptography
import Foundation
package import Logging
package import NIOCore
import NIOPosix
package import Primitives
import ServiceLifecycle
import Synchronization

/// Listens, dials the configured peers for as long as it runs, and carries messages.
package final class PeerNetwork: Service, Sendable {
    package struct Configuration: Sendable {
        package var context: HandshakeContext
        package var host: String
        /// 0 lets the system choose.
        package var port: Int
        package var peers: [PeerAddress]
        package var limits: NetworkLimits
        /// What an earlier run has written by `save`.
        package var directory: PeerDirectory?
        /// Keeps what is known of other nodes; nil forgets it at the end.
        package var save: (@Sendable (PeerDirectory) -> Void)?

        package init(
            context: HandshakeContext,
            host: String,
            port: Int,
            peers: [PeerAddress] = [],
            limits: NetworkLimits = NetworkLimits()
        ) {
            self.context = context
            self.host = host
            self.port = port
            self.peers = peers
            self.limits = limits
        }
    }

    struct State {
        var registry: PeerRegistry
        var gate: InboundGate
        /// Strangers that came by themselves, first come first.
        var guests: [PeerLink] = []
        var listener: (any Channel)?
        var isStopping = false
    }

    /// A function of its own in a `Mutex` is wrapped once more by every access; in a structure it
    /// stays what it is.
    private struct Outlet {
        var take: (@Sendable (NetworkEvent) -> Void)?
    }

    /// For one consumer. Ends when the network stops. Nothing comes here once `onEvent` has been
    /// called.
    package let events: AsyncStream<NetworkEvent>

    package let traffic = PeerTraffic()
    let configuration: Configuration
    let identity: PeerIdentity
    let logger: Logger
    private let group: any EventLoopGroup
    private let continuation: AsyncStream<NetworkEvent>.Continuation
    let state: Mutex<State>
    let directory: Mutex<PeerDirectory>
    private let outlet = Mutex(Outlet())
    let reserved: Set<PublicKey>
    private let pool: MemoryPool

    package init(
        configuration: Configuration,
        identity: PeerIdentity,
        logger: Logger,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.configuration = configuration
        self.identity = identity
        self.logger = logger
        self.group = group
        (events, continuation) = AsyncStream.makeStream(of: NetworkEvent.self)
        state = Mutex(
            State(
                registry: PeerRegistry(ourKey: identity.publicKey),
                gate: InboundGate(limits: configuration.limits.inbound)
            )
        )
        directory = Mutex(
            configuration.directory
                ?? PeerDirectory(secret: Digest(SystemRandom.bytes(Digest.byteCount)) ?? .zero)
        )
        pool = MemoryPool(limit: configuration.limits.strangerBytes)
        reserved = Set(configuration.peers.compactMap(\.key))
    }

    /// Hands events over on the event loops, without the way through a task. Call it before the
    /// network listens.
    ///
    /// - Parameter take: must return soon and may not call the network back before it has.
    package func onEvent(_ take: @escaping @Sendable (NetworkEvent) -> Void) {
        outlet.withLock { $0.take = take }
    }

    func report(_ event: NetworkEvent) {
        if let take = outlet.withLock({ $0.take }) {
            take(event)
        } else {
            continuation.yield(event)
        }
    }

    /// Queues the message for one peer. False when there is no connection to it, or it already
    /// has as much waiting as it may.
    @discardableResult
    package func send(_ bytes: [UInt8], on channel: NetworkChannel, to peer: PublicKey) -> Bool {
        guard let link = state.withLock({ $0.registry[peer] }) else { return false }
        return send(bytes, on: channel, over: link)
    }

    private func send(_ bytes: [UInt8], on channel: NetworkChannel, over link: PeerLink) -> Bool {
        guard link.send(bytes, on: channel) else { return false }
        traffic.sent(bytes.count, on: channel)
        return true
    }

    /// Queues the message for every connected peer but one.
    package func broadcast(
        _ bytes: [UInt8],
        on channel: NetworkChannel,
        except: PublicKey? = nil
    ) {
        for link in state.withLock({ $0.registry.all }) where link.peer != except {
            _ = send(bytes, on: channel, over: link)
        }
    }

    /// Ends the connection, for a peer that broke a rule of a higher layer.
    package func disconnect(_ peer: PublicKey) {
        state.withLock { $0.registry[peer] }?.close()
    }

    /// Ends the connection to a peer that did what no honest node does, lets nobody act on what it
    /// has sent, and does not speak to it for a while.
    package func ban(_ peer: PublicKey) {
        guard let link = state.withLock({ $0.registry[peer] }) else { return }
        ban(peer, at: link.address)
        link.cut()
    }

    func ban(_ peer: PublicKey, at host: NetworkAddress?) {
        let now = Self.now()
        directory.withLock {
            $0.bans.ban(peer, at: host, isReserved: reserved.contains(peer), now: now)
        }
    }

    /// For a stranger that talked too much; a machine that was frozen hears everybody at once.
    func makeWait(_ peer: PublicKey) {
        guard !reserved.contains(peer) else { return }
        let now = Self.now()
        directory.withLock { $0.bans.makeWait(peer, now: now) }
    }

    package var connectedPeers: [PublicKey] { state.withLock { $0.registry.all.map(\.peer) } }

    /// Binds the port, once; later calls report the same one.
    @discardableResult
    package func listen() async throws(NetworkError) -> Int {
        if let port = state.withLock({ $0.listener?.localAddress?.port }) { return port }
        let (host, port) = (configuration.host, configuration.port)
        do {
            let channel = try await serverBootstrap().bind(host: host, port: port).get()
            state.withLock { $0.listener = channel }
            return channel.localAddress?.port ?? port
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .portInUse(host: host, port: port)
        } catch let error as IOError where error.errnoCode == EACCES {
            throw .notPermitted(host: host, port: port)
        } catch {
            throw .cannotListen(host: host, port: port, detail: "\(error)")
        }
    }

    /// Runs until graceful shutdown or cancellation.
    package func run() async throws {
        try await listen()
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { tasks in
                for peer in self.configuration.peers {
                    tasks.addTask { await Dialer(network: self, address: peer).run() }
                }
                tasks.addTask { await PeerFinder(network: self).run() }
                tasks.addTask { await self.keepDirectory() }
                await tasks.waitForAll()
            }
        }
        await stop()
    }

    /// Saves what is known of others now and then, and at the end.
    private func keepDirectory() async {
        guard let save = configuration.save else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.saveInterval)
            save(directory.withLock { $0 })
        }
    }

    private static let saveInterval = Duration.seconds(60)

    /// Milliseconds since 1970: what is written down has to mean something after a restart.
    static func now() -> UInt64 { UInt64(max(0, Date.now.timeIntervalSince1970 * 1000)) }

    private func stop() async {
        let (listener, links) = state.withLock { state in
            state.isStopping = true
            return (state.listener, state.registry.all)
        }
        try? await listener?.close().get()
        for link in links {
            link.close()
            try? await link.closed().get()
        }
        continuation.finish()
    }
}

extension PeerNetwork {
    private func handler(
        _ origin: PeerLink.Origin,
        from host: NetworkAddress,
        expecting key: PublicKey? = nil,
        onIdentity: @escaping @Sendable (PublicKey) -> Void = { _ in }
    ) -> PeerConnection {
        PeerConnection(
            origin: origin,
            host: host,
            context: configuration.context,
            identity: identity,
            expectedKey: key,
            limits: configuration.limits,
            pool: pool,
            owner: self,
            logger: logger,
            onIdentity: onIdentity
        )
    }

    func link(to peer: PublicKey) -> PeerLink? { state.withLock { $0.registry[peer] } }

    func clientBootstrap(
        _ origin: PeerLink.Origin,
        expecting key: PublicKey?,
        onIdentity: @escaping @Sendable (PublicKey) -> Void
    ) -> ClientBootstrap {
        ClientBootstrap(group: group)
            .connectTimeout(configuration.limits.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.autoRead, value: false)
            .channelOption(.writeBufferWaterMark, value: watermark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        self.handler(
                            origin,
                            from: .unknown,
                            expecting: key,
                            onIdentity: onIdentity
                        )
                    )
                }
            }
    }

    private func serverBootstrap() -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.writeBufferWaterMark, value: watermark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let host = NetworkAddress(channel.remoteAddress) ?? .unknown
                    guard self.admitHandshake(from: host) else { throw CloseReason.noRoom }
                    try channel.pipeline.syncOperations.addHandler(
                        self.handler(.inbound, from: host)
                    )
                }
            }
    }

    private var watermark: ChannelOptions.Types.WriteBufferWaterMark {
        let limits = configuration.limits
        return .init(low: limits.writeLow, high: limits.writeHigh)
    }

    private func admitHandshake(from host: NetworkAddress) -> Bool {
        let now = Self.now()
        guard !directory.withLock({ $0.bans.isBanned(host: host, now: now) }) else { return false }
        return state.withLock { !$0.isStopping && $0.gate.admit(host) }
    }
}
