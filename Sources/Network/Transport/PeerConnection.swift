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
    /// More messages than any honest peer sends.
    case flooding
    /// Strangers have taken what memory there is for them.
    case noMemory
    case banned
    /// A connection that was only to show that the peer can be reached.
    case tried
    case badFrame(FrameError)
    case sealed(NoiseError)
}

/// What a connection asks of the network that owns it. Called on the event loop.
protocol PeerConnectionOwner: AnyObject, Sendable {
    func established(_ link: PeerLink) throws(CloseReason)
    func received(_ message: ReceivedMessage)
    func ended(_ link: PeerLink?, reason: CloseReason?)
    /// A connection that the peer opened is through its handshake, or gone. Called once for each.
    func inboundHandshakeEnded(from host: NetworkAddress)
    /// The peer takes connections on this port.
    func listens(_ link: PeerLink, onPort port: UInt16)
    /// Addresses for a peer that asks.
    func addresses(for link: PeerLink) -> [NetworkAddress]
    /// The answer to our question.
    func learned(_ addresses: [NetworkAddress], from link: PeerLink)
    /// Whether the operator has named the peer.
    func isReserved(_ peer: PublicKey) -> Bool
    /// The port on which this node takes connections; nil before it does.
    var listeningPort: UInt16? { get }
}

final class PeerConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case handshake(NoiseHandshake)
        case established(NoiseSession, PeerLink)
        case closed
    }

    private static let shortestPause: UInt64 = 2_000
    /// What a message takes in queues beside its bytes.
    private static let messageOverhead = 256
    /// A packet and its tag.
    private static let frameBytesLimit = Packet.plaintextBytesLimit + NoiseCipher.tagBytes

    private let identity: PeerIdentity
    private let expectedKey: PublicKey?
    private let limits: NetworkLimits
    private let owner: any PeerConnectionOwner
    private let logger: Logger
    private let account: ReceiveAccount
    private let origin: PeerLink.Origin
    /// Whence an inbound connection comes.
    private let host: NetworkAddress
    private let onIdentity: @Sendable (PublicKey) -> Void

    private var phase: Phase
    private var frames = FrameReader()
    private var assembly = InboundAssembly()
    private var deadline: Scheduled<Void>?
    private var keepalive: RepeatedTask?
    private var lastHeard = NIODeadline.now()
    private var lastTaken = NIODeadline.now()
    private var meter = MessageMeter(now: PeerConnection.milliseconds())
    private var pause: UInt64 = 0
    private let pool: MemoryPool?
    /// What of the pool this connection has.
    private var pooled = 0
    /// Whether the operator has named the peer: it gets more patience, never more belief.
    private var isTrusted = false
    private var isAwaitingAddresses = false
    private var lastQuestion: NIODeadline?
    private var lastAnswer: NIODeadline?
    private var isPaused = false
    private var isHandshakeCounted = false
    private var peerKey: PublicKey?
    private var reason: CloseReason?

    init(
        origin: PeerLink.Origin,
        host: NetworkAddress,
        context: HandshakeContext,
        identity: PeerIdentity,
        expectedKey: PublicKey?,
        limits: NetworkLimits,
        pool: MemoryPool?,
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
        self.origin = origin
        self.pool = pool
        self.host = host
        account = ReceiveAccount(limit: limits.unconsumedStrangerBytes)
        phase = .handshake(
            NoiseHandshake(
                role: origin == .inbound ? .responder : .initiator,
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
        pool?.giveBack(pooled)
        pooled = 0
        link?.release()
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
        guard origin == .inbound, !isHandshakeCounted else { return }
        isHandshakeCounted = true
        owner.inboundHandshakeEnded(from: host)
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
            try answer(packet, link, context)
            guard let (channel, bytes) = try assemble(packet) else { return }
            // Blocks and artifacts come because they were asked for.
            if channel == .consensus || channel == .transactions { try countOne() }
            let credit = ReceiveCredit(
                bytes: bytes.count + Self.messageOverhead,
                account: account
            )
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
        isTrusted = origin == .configured || owner.isReserved(peerKey)
        let link = PeerLink(
            peer: peerKey,
            origin: origin,
            account: account,
            pool: isTrusted ? nil : pool,
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
        if isTrusted { account.extend(to: limits.unconsumedBytes) }
        startKeepalive(context)
        introduce(context)
    }

    /// Whoever dials says where it can be dialled, and asks for others.
    private func introduce(_ context: ChannelHandlerContext) {
        guard origin != .inbound else { return }
        if let port = owner.listeningPort { write(.listening(port: port), context, flush: false) }
        ask(context)
    }

    private func ask(_ context: ChannelHandlerContext) {
        isAwaitingAddresses = true
        lastQuestion = .now()
        write(.askAddresses, context, flush: true)
    }

    private func answer(_ packet: Packet, _ link: PeerLink, _ context: ChannelHandlerContext)
        throws
    {
        switch packet {
        case .begin, .more: return
        case .pong: try countOne()
        case .ping:
            try countOne()
            write(.pong, context, flush: true)
        case .listening(let port):
            try countOne()
            owner.listens(link, onPort: port)
        case .askAddresses:
            try countOne()
            let now = NIODeadline.now()
            // Half, because the question may have been late and this one early.
            if let lastAnswer,
                (now - lastAnswer).nanoseconds < limits.addressInterval.nanoseconds / 2
            {
                return
            }
            lastAnswer = now
            write(.addresses(owner.addresses(for: link)), context, flush: true)
        case .addresses(let addresses):
            guard isAwaitingAddresses else { throw FrameError.unasked }
            isAwaitingAddresses = false
            owner.learned(addresses, from: link)
        }
    }

    /// Counts what a stranger has begun and not finished.
    private func assemble(_ packet: Packet) throws -> (NetworkChannel, [UInt8])? {
        let before = assembly.partialBytes
        let message = try assembly.accept(packet)
        guard let pool, !isTrusted else { return message }
        let after = assembly.partialBytes
        if after > before {
            guard pool.take(after - before) else { throw CloseReason.noMemory }
        } else {
            pool.giveBack(before - after)
        }
        pooled = after
        return message
    }

    private func countOne() throws {
        switch meter.count(1, now: Self.milliseconds()) {
        case .fine: return
        case .slowDown(let microseconds): pause += microseconds
        case .flood: throw CloseReason.flooding
        }
    }

    private static func milliseconds() -> UInt64 { NIODeadline.now().uptimeNanoseconds / 1_000_000 }

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
        guard mayRead else { return }
        // Shorter pauses are saved up: a timer for each would cost more than the messages.
        guard pause >= Self.shortestPause else { return context.read() }
        let delay = TimeAmount.microseconds(Int64(pause))
        pause = 0
        eventLoop.assumeIsolated().scheduleTask(in: delay) { context.read() }
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
            initialDelay: limits.livenessInterval,
            delay: limits.livenessInterval
        ) { _ in handle.value.0.checkLiveness(handle.value.1) }
    }

    private func checkLiveness(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        if context.channel.isWritable { lastTaken = now }
        if case .established(_, let link) = phase {
            let isStuck = !isTrusted && link.waitingBytes > limits.stuckBytes
            let deadline = isStuck ? limits.stuckDeadline : limits.silenceDeadline
            if now - lastTaken > deadline { return close(context, .notReading) }
        }
        if isPaused { lastHeard = now }
        if now - lastHeard > limits.silenceDeadline { return close(context, .silent) }
        if context.channel.isWritable, now - lastHeard >= limits.pingAfter {
            write(.ping, context, flush: true)
        }
        if let lastQuestion, now - lastQuestion >= limits.addressInterval { ask(context) }
    }
}
