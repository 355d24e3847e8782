import Cryptography
import Logging
import NIOCore
import NIOPosix
import Peers
import Primitives
import Synchronization
import Testing

/// One running network on loopback, with what it has reported so far.
final class TestNetwork: Sendable {
    struct Report {
        var connected: [PublicKey] = []
        var disconnected: [PublicKey] = []
        var messages: [(channel: NetworkChannel, bytes: [UInt8])] = []
    }

    let network: PeerNetwork
    let key: PublicKey
    let port: Int
    private let tasks: [Task<Void, Never>]

    static let context = HandshakeContext(chain: Array("test".utf8), genesis: .zero)

    /// - Parameter consumes: false leaves every event in the stream, as a stuck consumer would.
    init(
        seed: UInt8,
        port: Int = 0,
        peers: [PeerAddress] = [],
        context: HandshakeContext = context,
        consumes: Bool = true,
        limits: NetworkLimits = TestNetwork.limits
    ) async throws {
        let identity = PeerIdentity(
            signedBy: try SigningKey(seed: [UInt8](repeating: seed, count: 32))
        )
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let network = PeerNetwork(
            configuration: .init(
                context: context,
                host: "127.0.0.1",
                port: port,
                peers: peers,
                limits: limits
            ),
            identity: identity,
            logger: logger
        )
        self.network = network
        key = identity.publicKey
        self.port = try await network.listen()
        let report = ReportBox()
        let running = Task { do { try await network.run() } catch { Issue.record(error) } }
        let reading = Task {
            guard consumes else { return }
            for await event in network.events { report.add(event) }
        }
        box = report
        tasks = [running, reading]
    }

    private let box: ReportBox
    var seen: Report { box.report.withLock { $0 } }
    var address: PeerAddress { PeerAddress(host: "127.0.0.1", port: port, key: key) }

    func stop() async {
        tasks[0].cancel()
        await tasks[0].value
    }

    static var limits: NetworkLimits {
        var limits = NetworkLimits()
        limits.firstRetry = .milliseconds(20)
        limits.longestRetry = .milliseconds(200)
        limits.handshakeDeadline = .milliseconds(700)
        limits.pingAfter = .milliseconds(200)
        limits.silenceDeadline = .seconds(2)
        limits.livenessInterval = .milliseconds(200)
        return limits
    }
}

private final class ReportBox: Sendable {
    let report = Mutex(TestNetwork.Report())

    func add(_ event: NetworkEvent) {
        report.withLock { report in
            switch event {
            case .connected(let peer): report.connected.append(peer)
            case .disconnected(let peer): report.disconnected.append(peer)
            case .message(let message): report.messages.append((message.channel, message.bytes))
            }
        }
    }
}

/// Waits until the condition holds; false after ten seconds.
func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
    for _ in 0..<6000 {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return condition()
}

/// A bare TCP client that knows whether it was closed.
final class RawClient: Sendable {
    private let channel: any Channel
    private let closed: ClosedFlag

    init(port: Int, autoRead: Bool = true) async throws {
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: autoRead)
            .connect(host: "127.0.0.1", port: port).get()
        let flag = ClosedFlag()
        closed = flag
        channel.closeFuture.whenComplete { _ in flag.set() }
    }

    var isClosed: Bool { closed.isSet }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    func close() async throws { try await channel.close().get() }
}

final class ClosedFlag: Sendable {
    private let flag = Mutex(false)
    var isSet: Bool { flag.withLock { $0 } }
    func set() { flag.withLock { $0 = true } }
}
