// HTTP in front of the dispatcher and the artifact store. What a browser could be tricked into
// sending is refused here; everything else is decided behind.

import HTTPTypes
import Hummingbird
import HummingbirdCore
package import JSON
package import Logging
import NIOCore
import ServiceLifecycle

/// The node's HTTP server: `POST /` for JSON-RPC, `GET /health`, `/ready` and `/status`, and
/// `GET` and `PUT /artifact/<id>`.
package struct RPCServer: Service {
    /// What the server asks of the node behind it.
    package struct Backend: Sendable {
        /// Answers the body of a JSON-RPC request.
        package let answer: @Sendable ([UInt8]) async -> [UInt8]?
        /// Why the node is not ready to serve, or nil when it is.
        package let unreadiness: @Sendable () async -> String?
        /// The result of `chain_status`.
        package let status: @Sendable () async -> JSON
        package let artifacts: any ArtifactAPI

        package init(
            answer: @escaping @Sendable ([UInt8]) async -> [UInt8]?,
            unreadiness: @escaping @Sendable () async -> String?,
            status: @escaping @Sendable () async -> JSON,
            artifacts: any ArtifactAPI
        ) {
            self.answer = answer
            self.unreadiness = unreadiness
            self.status = status
            self.artifacts = artifacts
        }
    }

    /// Connections at a time; those beyond wait until one ends.
    private static let connectionLimit = 512

    package let configuration: RPCServerConfiguration
    let backend: Backend
    private let limiter: RequestLimiter
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameter onListening: is told the port once connections are accepted.
    package init(
        configuration: RPCServerConfiguration,
        backend: Backend,
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.backend = backend
        limiter = RequestLimiter(
            rate: configuration.requestsPerSecond,
            limitsLoopback: configuration.limitsLoopback
        )
        self.logger = logger
        self.onListening = onListening
    }

    package func run() async throws {
        let onListening = onListening
        // The library reports every orderly stop as an error.
        var quiet = logger
        quiet.logLevel = .critical
        let application = Application(
            responder: CallbackResponder<RPCContext> { request, context in
                await respond(to: request, from: context.address)
            },
            server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionLimit)
            ),
            onServerRunning: { channel in
                await onListening(channel.localAddress?.port ?? 0)
            },
            logger: quiet
        )
        do {
            try await application.run()
        } catch let error as IOError {
            throw RPCServerError(error, configuration: configuration)
        }
    }
}

extension RPCServer {
    private static let bytesPerToken = 16_384

    /// What a request costs; a body is charged by its announced length.
    private static func cost(of request: Request) -> Int {
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        return 1 + max(0, length) / bytesPerToken
    }

    private static var tooMany: Response {
        var response = text(.tooManyRequests, "too many requests from this address; wait a second")
        response.headers[.retryAfter] = "1"
        return response
    }

    private func respond(to request: Request, from address: String?) async -> Response {
        // An artifact's body has a limit of its own and goes to the disk, not to the methods.
        let isArtifact = request.uri.path.hasPrefix("/artifact/")
        guard limiter.permits(address, cost: isArtifact ? 1 : Self.cost(of: request)) else {
            return Self.tooMany
        }
        guard configuration.accepts(hostHeader: request.head.authority) else {
            return Self.text(
                .forbidden,
                "this host name is not allowed; add it to rpc.allowed_hosts"
            )
        }
        let path = request.uri.path
        switch (request.method, path) {
        case (.post, "/"): return await callResponse(request)
        case (.get, "/health"): return Self.text(.ok, "alive")
        case (.get, "/ready"):
            guard let reason = await backend.unreadiness() else { return Self.text(.ok, "ready") }
            return Self.text(.serviceUnavailable, reason)
        case (.get, "/status"): return Self.json(await backend.status().compactBytes)
        case (_, "/"), (_, "/health"), (_, "/ready"), (_, "/status"):
            return Self.text(.methodNotAllowed, "\(path) does not take \(request.method.rawValue)")
        default:
            guard path.hasPrefix("/artifact/") else {
                return Self.text(.notFound, "there is nothing at \(path)")
            }
            return await artifactResponse(request, name: String(path.dropFirst(10)))
        }
    }

    private func callResponse(_ request: Request) async -> Response {
        // Browsers send other types without asking this server first.
        let type = request.headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard type == "application/json" else {
            return Self.text(.unsupportedMediaType, "the content type must be application/json")
        }
        do {
            let body = try await request.body.collect(upTo: RPCRequest.batchBodyLimit)
            guard let answer = await backend.answer(Array(body.readableBytesView)) else {
                return Response(status: .noContent)
            }
            return Self.json(answer)
        } catch {
            let limit = RPCRequest.batchBodyLimit
            return Self.text(.contentTooLarge, "a request has at most \(limit) bytes")
        }
    }

    static func text(_ status: HTTPResponse.Status, _ sentence: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: sentence + "\n"))
        )
    }

    static func json(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
