import Cryptography
import Foundation
import Glibc
import Hummingbird
import JSON
import Ledger
import Logging
import NIOCore
import Primitives
import RPC
import Synchronization
import Testing

/// `OPENLEDGER_RPC_SPEED=1` measures; it is no part of the suite, since a timing proves nothing.
@Suite(
    "RPC speed",
    .enabled(if: ProcessInfo.processInfo.environment["OPENLEDGER_RPC_SPEED"] != nil)
)
struct RPCSpeedTests {
    private static let quiet = Logger(label: "speed", factory: { _ in SwiftLogNoOpLogHandler() })

    @Test("balances are read beside a bare route of the same HTTP server")
    func balances() async throws {
        let cluster = try TestCluster(validators: 1)
        let running = try await cluster.start(0, peers: [])
        #expect(await running.reaches(2))
        let context = MethodContext(node: running.node.gateway, chain: cluster.genesis.chain)
        let dispatcher = RPCDispatcher(methods: RPCMethod.all, node: context)
        let (rpcPorts, rpcReady) = AsyncStream.makeStream(of: Int.self)
        let (barePorts, bareReady) = AsyncStream.makeStream(of: Int.self)
        let server = RPCServer(
            configuration: RPCServerConfiguration(port: 0),
            backend: .init(
                answer: { await dispatcher.answer($0) },
                unreadiness: { nil },
                status: { context.status(await running.node.gateway.status()) },
                artifacts: running.node.gateway
            ),
            logger: Self.quiet,
            onListening: { rpcReady.yield($0) }
        )
        let bare = Application(
            responder: CallbackResponder<BasicRequestContext> { _, _ in
                Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "alive\n")))
            },
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { bareReady.yield($0.localAddress?.port ?? 0) },
            logger: Self.quiet
        )
        let tasks = [
            Task { try await server.run() }, Task { try await bare.run() },
        ]
        let rpc = try #require(await rpcPorts.first { _ in true })
        let route = try #require(await barePorts.first { _ in true })
        let key = try SigningKey(seed: TestCluster.accountSeed).publicKey
        let address = Address(firstKey: key).text(.test)
        let body = #"{"jsonrpc":"2.0","method":"account_balance","params":["\#(address)"],"id":1}"#
        let call =
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let plain = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        var ratios: [Double] = []
        for slice in 0..<7 {
            let one = try Load(port: rpc, request: call).run(seconds: 2)
            let other = try Load(port: route, request: plain).run(seconds: 2)
            print("rpc speed: slice \(slice): \(Int(one)) balances/s, \(Int(other)) bare/s")
            ratios.append(one / other)
        }
        print("rpc speed: median ratio \(ratios.sorted()[3])")
        #expect(ratios.allSatisfy { $0 > 0 })
        for task in tasks { task.cancel() }
        await running.stop()
    }
}

/// Four connections that each send a request as soon as the answer to the one before is there.
private struct Load {
    let port: Int
    let request: String

    func run(seconds: Double) throws -> Double {
        let count = Atomic(0)
        let failures = Atomic(0)
        let end = Date.now.timeIntervalSince1970 + seconds
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            let socket = connect()
            defer { close(socket) }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while Date.now.timeIntervalSince1970 < end {
                guard exchange(socket, &buffer) else {
                    failures.add(1, ordering: .relaxed)
                    return
                }
                count.add(1, ordering: .relaxed)
            }
        }
        try #require(failures.load(ordering: .relaxed) == 0)
        return Double(count.load(ordering: .relaxed)) / seconds
    }

    private func connect() -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        _ = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }

    /// Sends the request and reads one answer of announced length; false for anything but 200.
    private func exchange(_ socket: Int32, _ buffer: inout [UInt8]) -> Bool {
        let bytes = Array(request.utf8)
        guard send(socket, bytes, bytes.count, 0) == bytes.count else { return false }
        var held = 0
        while true {
            let room = buffer.count - held
            let got = buffer.withUnsafeMutableBytes {
                recv(socket, $0.baseAddress?.advanced(by: held), room, 0)
            }
            guard got > 0 else { return false }
            held += got
            let text = String(decoding: buffer[..<held], as: UTF8.self)
            guard let head = text.range(of: "\r\n\r\n") else { continue }
            guard text.hasPrefix("HTTP/1.1 200"),
                let field = text.range(of: "content-length: ", options: .caseInsensitive),
                let length = Int(text[field.upperBound...].prefix { $0.isNumber })
            else { return false }
            if text[head.upperBound...].utf8.count >= length { return true }
        }
    }
}
