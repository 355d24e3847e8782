import AsyncHTTPClient
import Commitments
import JSON
import Logging
import NIOCore
import NIOHTTP1
import Primitives
import RPC
import Testing

@Suite("HTTP server", .serialized) struct RPCServerTests {
    /// Runs `body` against a server on a free port.
    static func withServer(
        artifactLimit: Int = 1_000,
        requestsPerSecond: Int = 0,
        unreadiness: String? = nil,
        _ body: @Sendable @escaping (String, MemoryNode) async throws -> Void
    ) async throws {
        let node = MemoryNode()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let context = MethodContext(node: node, chain: MemoryNode.chain)
        let dispatcher = RPCDispatcher(methods: RPCMethod.all, node: context)
        let server = RPCServer(
            configuration: RPCServerConfiguration(
                port: 0,
                artifactLimit: artifactLimit,
                requestsPerSecond: requestsPerSecond,
                limitsLoopback: true
            ),
            backend: .init(
                answer: { await dispatcher.answer($0) },
                unreadiness: { unreadiness },
                status: { context.status(await node.status()) },
                artifacts: node
            ),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            onListening: { port in
                announce.yield(port)
                announce.finish()
            }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask {
                var iterator = ports.makeAsyncIterator()
                let port = try #require(await iterator.next())
                try await body("http://127.0.0.1:\(port)", node)
            }
            // The first to end is the body; the server runs until it is cancelled.
            try await group.next()
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
    }

    static func send(
        _ method: HTTPMethod,
        _ url: String,
        headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) async throws -> (status: UInt, body: [UInt8]) {
        var request = HTTPClientRequest(url: url)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 1 << 26)
        return (response.status.code, Array(bytes.readableBytesView))
    }

    static let json = [("content-type", "application/json")]
    static let call = Array(#"{"jsonrpc":"2.0","method":"chain_status","id":1}"#.utf8)

    @Test("calls are answered, and notifications with no content")
    func calls() async throws {
        try await Self.withServer { url, _ in
            let answer = try await Self.send(.POST, url + "/", headers: Self.json, body: Self.call)
            #expect(answer.status == 200)
            #expect(try JSON.parse(answer.body)["result"]?["chain"] == "openledger-test")
            let silent = try await Self.send(
                .POST,
                url + "/",
                headers: [("Content-Type", "application/json; charset=utf-8")],
                body: Array(#"{"jsonrpc":"2.0","method":"chain_status"}"#.utf8)
            )
            #expect(silent.status == 204)
            #expect(silent.body.isEmpty)
        }
    }

    @Test("what a browser could be tricked into sending is refused")
    func browsers() async throws {
        try await Self.withServer { url, _ in
            let rebound = try await Self.send(
                .POST,
                url + "/",
                headers: Self.json + [("host", "evil.example")],
                body: Self.call
            )
            #expect(rebound.status == 403)
            let simple = try await Self.send(
                .POST,
                url + "/",
                headers: [("content-type", "text/plain")],
                body: Self.call
            )
            #expect(simple.status == 415)
            let missing = try await Self.send(.POST, url + "/", body: Self.call)
            #expect(missing.status == 415)
        }
    }

    @Test("paths and methods that do not exist are told")
    func paths() async throws {
        try await Self.withServer(unreadiness: "synchronising") { url, _ in
            #expect(try await Self.send(.GET, url + "/health").status == 200)
            let ready = try await Self.send(.GET, url + "/ready")
            #expect(ready.status == 503)
            #expect(ready.body == Array("synchronising\n".utf8))
            let status = try await Self.send(.GET, url + "/status")
            #expect(try JSON.parse(status.body)["chain"] == "openledger-test")
            #expect(try await Self.send(.GET, url + "/").status == 405)
            #expect(try await Self.send(.GET, url + "/other").status == 404)
        }
    }

    @Test("a body over 5 MiB is refused")
    func bodyLimit() async throws {
        try await Self.withServer { url, _ in
            let spaces = [UInt8](repeating: 0x20, count: 5_242_881 - Self.call.count)
            let answer = try await Self.send(
                .POST,
                url + "/",
                headers: Self.json,
                body: Self.call + spaces
            )
            #expect(answer.status == 413)
        }
    }

    @Test("artifacts are stored under their own id only, and come back whole")
    func artifacts() async throws {
        try await Self.withServer(artifactLimit: 3_000_000) { url, _ in
            let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let id = ArtifactManifest(of: bytes).id
            let path = url + "/artifact/\(id)"
            #expect(try await Self.send(.GET, path).status == 404)
            #expect(try await Self.send(.PUT, path, body: [1]).status == 409)
            #expect(try await Self.send(.PUT, path, body: bytes).status == 201)
            let back = try await Self.send(.GET, path)
            #expect(back.status == 200)
            #expect(back.body == bytes)
            #expect(try await Self.send(.GET, url + "/artifact/0x12").status == 400)
            #expect(try await Self.send(.POST, path, body: [1]).status == 405)
            let large = [UInt8](repeating: 0, count: 3_000_001)
            #expect(try await Self.send(.PUT, path, body: large).status == 413)
        }
    }

    @Test("a port that is taken is one sentence")
    func portInUse() async throws {
        try await Self.withServer { url, node in
            let port = try #require(Int(url.split(separator: ":").last ?? ""))
            let second = RPCServer(
                configuration: RPCServerConfiguration(port: port),
                backend: .init(
                    answer: { _ in nil },
                    unreadiness: { nil },
                    status: { .null },
                    artifacts: node
                ),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            let error = await #expect(throws: RPCServerError.self) { try await second.run() }
            #expect(
                error?.description
                    == "another program listens on 127.0.0.1:\(port); stop it or set rpc.port"
            )
        }
    }

    @Test(
        "host headers name this machine or an allowed name",
        arguments: [
            ("localhost", true), ("LOCALHOST:8545", true), ("127.0.0.1", true),
            ("10.0.0.1:1", true),
            ("[::1]:8545", true), ("[::1]", true), ("node.example", true),
            ("node.example:443", true),
            ("evil.example", false), ("node.example.evil", false), ("127.0.0.1.evil", false),
            ("", false), (":80", false), ("localhost:", false), ("localhost:x", false),
            ("[::1]x", false), ("[zz]", false), ("1.2.3", false), ("256.1.1.1", false),
        ]
    )
    func hosts(header: String, isAccepted: Bool) {
        let configuration = RPCServerConfiguration(allowedHosts: ["Node.example"])
        #expect(configuration.accepts(hostHeader: header) == isAccepted)
    }
}
