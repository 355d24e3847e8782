// One TCP connection: handshake, sealed frames, keepalive and deadlines. Everything here runs on the
// connection's event loop. It trusts nothing that the peer sends, and drops it on the first error.

import Logging
import NIOCore
import Primitives

/// Why a connection ended, for the log.
enum CloseReason: Error, Equatable {
    case handshakeDeadline
    case handshakeRefused(NoiseError)
    case unexpectedKey(PublicKey)
    case ourselves
    case duplicate
    case noRoom
    case silent
    case notReading
    case badFrame(FrameError)
    case sealed(NoiseError)
}

/// What a connection asks of the network that owns it. Called on the event loop.
protocol PeerConnectionOwner: AnyObject, Sendable {
    func established(_ link: PeerLink) throws(CloseReason)
    func received(_ message: ReceivedMessage)
    func ended(_ link: PeerLink?, reason: CloseReason?)
    /// A connection that the peer opened is through its handshake, or gone. Called once for each.
    func inboundHandshakeEnded()
}

final class PeerConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case handshake(NoiseHandshake)
        case established(NoiseSession, PeerLink)
        case closed
    }

    /// A packet and its tag.
    private static let frameBytesLimit = Packet.plaintextBytesLimit + NoiseCipher.tagBytes

    private let identity: PeerIdentity
    private let expectedKey: PublicKey?
    private let limits: NetworkLimits
    private let owner: any PeerConnectionOwner
    private let logger: Logger
    private let account: ReceiveAccount
    private let isInitiator: Bool
    private let onIdentity: @Sendable (PublicKey) -> Void

    private var phase: Phase
    private var frames = FrameReader()
    private var assembly = InboundAssembly()
    private var deadline: Scheduled<Void>?
    private var keepalive: RepeatedTask?
    private var lastHeard = NIODeadline.now()
    private var lastTaken = NIODeadline.now()
    private var isPaused = false
    private var isHandshakeCounted = false
    private var peerKey: PublicKey?
    private var reason: CloseReason?

    init(
        role: NoiseHandshake.Role,
        context: HandshakeContext,
        identity: PeerIdentity,
        expectedKey: PublicKey?,
        limits: NetworkLimits,
        owner: any PeerConnectionOwner,
        logger: Logger,
        onIdentity: @escaping @Sendable (PublicKey) -> Void
    ) {
        self.identity = identity
        self.expectedKey = expectedKey
        self.limits = limits
        self.owner = owner
        self.logger = logger
        self.onIdentity = onIdentity
        account = ReceiveAccount(limit: limits.unconsumedBytes)
        isInitiator = role == .initiator
        phase = .handshake(
            NoiseHandshake(
                role: role,
                prologue: context.prologue,
                staticKey: identity.staticKey,
                ephemeral: NoiseSuite.generateKey()
            )
        )
    }

    func channelActive(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: limits.handshakeDeadline) {
            self.close(context, .handshakeDeadline)
        }
        if case .handshake(let handshake) = phase, handshake.isOurTurn {
            advance(handshake, payload: [], context)
        }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        lastHeard = .now()
        frames.append(&bytes)
        do {
            while let frame = try frames.next(limit: frameLimit) { try handle(frame, context) }
        } catch let error as FrameError {
            close(context, .badFrame(error))
        } catch let error as NoiseError {
            close(context, .sealed(error))
        } catch let error as CloseReason {
            close(context, error)
        } catch {
            context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { readOn(context) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            lastTaken = .now()
            pump(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        keepalive?.cancel()
        endHandshake()
        var link: PeerLink?
        if case .established(_, let established) = phase { link = established }
        phase = .closed
        owner.ended(link, reason: reason)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    private var frameLimit: Int {
        switch phase {
        case .handshake: NoiseHandshake.messageBytesLimit
        case .established: Self.frameBytesLimit
        // Nothing more is read; whatever is left in the buffer is refused.
        case .closed: 0
        }
    }

    private func endHandshake() {
        guard !isInitiator, !isHandshakeCounted else { return }
        isHandshakeCounted = true
        owner.inboundHandshakeEnded()
    }

    private func close(_ context: ChannelHandlerContext, _ reason: CloseReason) {
        if self.reason == nil { self.reason = reason }
        if case .handshake = phase { phase = .closed }
        context.close(promise: nil)
    }
}

// MARK: - Receiving

extension PeerConnection {
    private func handle(_ frame: [UInt8], _ context: ChannelHandlerContext) throws {
        switch phase {
        case .handshake(var handshake):
            do {
                let payload = try handshake.read(frame)
                try judge(payload, of: handshake)
                if handshake.isOurTurn {
                    advance(handshake, payload: identity.payload, context)
                } else {
                    try finish(handshake, context)
                }
            } catch let error as NoiseError {
                throw CloseReason.handshakeRefused(error)
            }
        case .established(var session, let link):
            let packet = try Packet(session.open(frame))
            phase = .established(session, link)
            if packet == .ping { write(.pong, context, flush: true) }
            guard let (channel, bytes) = try assembly.accept(packet) else { return }
            let credit = ReceiveCredit(bytes: bytes.count, account: account)
            owner.received(
                ReceivedMessage(peer: link.peer, channel: channel, bytes: bytes, credit: credit)
            )
        case .closed:
            return
        }
    }

    /// Each side's identity comes in the message that carries its static key; the first message
    /// says nothing.
    private func judge(_ payload: [UInt8], of handshake: NoiseHandshake) throws {
        guard let staticKey = handshake.peerStatic else {
            guard payload.isEmpty else { throw NoiseError.badIdentity }
            return
        }
        guard let key = IdentityPayload.verify(payload, staticKey: staticKey) else {
            throw NoiseError.badIdentity
        }
        guard key != identity.publicKey else { throw CloseReason.ourselves }
        guard expectedKey == nil || key == expectedKey else {
            throw CloseReason.unexpectedKey(key)
        }
        peerKey = key
        onIdentity(key)
    }

    private func finish(_ handshake: NoiseHandshake, _ context: ChannelHandlerContext) throws {
        guard let session = handshake.session(), let peerKey else { throw NoiseError.outOfTurn }
        let handle = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let link = PeerLink(
            peer: peerKey,
            isInitiator: isInitiator,
            channel: context.channel,
            pump: { handle.value.0.pump(handle.value.1) }
        )
        deadline?.cancel()
        endHandshake()
        phase = .established(session, link)
        do {
            try owner.established(link)
        } catch {
            phase = .closed
            throw error
        }
        startKeepalive(context)
    }

    /// Asks for more bytes unless the peer's messages wait to be consumed.
    private func readOn(_ context: ChannelHandlerContext) {
        let handle = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let mayRead = account.mayRead {
            eventLoop.execute {
                let (connection, context) = handle.value
                connection.isPaused = false
                connection.lastHeard = .now()
                connection.readOn(context)
            }
        }
        isPaused = !mayRead
        if mayRead { context.read() }
    }
}

// MARK: - Sending

extension PeerConnection {
    /// Writes the next handshake message, which may be the last.
    private func advance(
        _ start: NoiseHandshake,
        payload: [UInt8],
        _ context: ChannelHandlerContext
    ) {
        var handshake = start
        do {
            let message = try handshake.write(payload)
            phase = .handshake(handshake)
            writeFrame(message, context)
            context.flush()
            if handshake.isComplete { try finish(handshake, context) }
        } catch let error as NoiseError {
            close(context, .handshakeRefused(error))
        } catch {
            close(context, (error as? CloseReason) ?? .handshakeRefused(.outOfTurn))
        }
    }

    /// Hands frames to the socket until it has enough for now.
    private func pump(_ context: ChannelHandlerContext) {
        guard case .established(_, let link) = phase else { return }
        var wrote = false
        while context.channel.isWritable, let packet = link.nextPacket() {
            write(packet, context, flush: false)
            wrote = true
        }
        if wrote { context.flush() }
    }

    private func write(_ packet: Packet, _ context: ChannelHandlerContext, flush: Bool) {
        guard case .established(var session, let link) = phase else { return }
        do {
            let sealed = try session.seal(packet.bytes)
            phase = .established(session, link)
            writeFrame(sealed, context)
            if flush { context.flush() }
        } catch {
            close(context, .sealed(error))
        }
    }

    private func writeFrame(_ frame: [UInt8], _ context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(
            capacity: FrameReader.prefixBytes + frame.count
        )
        buffer.writeInteger(UInt32(frame.count))
        buffer.writeBytes(frame)
        context.write(wrapOutboundOut(buffer), promise: nil)
    }

    private func startKeepalive(_ context: ChannelHandlerContext) {
        lastHeard = .now()
        lastTaken = .now()
        let handle = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        keepalive = context.eventLoop.scheduleRepeatedTask(
            initialDelay: limits.pingAfter,
            delay: limits.pingAfter
        ) { _ in handle.value.0.checkLiveness(handle.value.1) }
    }

    private func checkLiveness(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        if context.channel.isWritable { lastTaken = now }
        if now - lastTaken > limits.silenceDeadline { return close(context, .notReading) }
        if isPaused { lastHeard = now }
        if now - lastHeard > limits.silenceDeadline { return close(context, .silent) }
        if context.channel.isWritable { write(.ping, context, flush: true) }
    }
}
