// HTTP in front of the completion service.

import HTTPTypes
import Hummingbird
import JSON
package import Logging
import NIOCore
import ServiceLifecycle

/// Where the server listens.
package struct ServingConfiguration: Sendable, Equatable {
    package var host: String
    /// 0 takes any free port.
    package var port: Int
    /// What a reader of receipts has to send as bearer token; nil lets everybody read them.
    package var receiptToken: String?

    package init(host: String = "127.0.0.1", port: Int = 8600, receiptToken: String? = nil) {
        self.host = host
        self.port = port
        self.receiptToken = receiptToken
    }
}

/// `GET /v1/models`, `POST /v1/completions`, `POST /v1/chat/completions`, `GET /v1/receipts` and `GET /health`.
package struct ServingServer: Service {
    package let configuration: ServingConfiguration
    let service: CompletionService
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameter onListening: is told the port once connections are accepted.
    package init(
        configuration: ServingConfiguration,
        service: CompletionService,
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.service = service
        self.logger = logger
        self.onListening = onListening
    }

    package func run() async throws {
        let onListening = onListening
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                await respond(to: request)
            },
            server: .http1(configuration: .init(idleTimeout: .seconds(120))),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port)
            ),
            onServerRunning: { channel in
                await onListening(channel.localAddress?.port ?? 0)
            },
            logger: logger
        )
        do {
            try await application.run()
        } catch let error as IOError {
            throw ServingListenError(
                host: configuration.host,
                port: configuration.port,
                reason: error.description
            )
        }
    }

    private func respond(to request: Request) async -> Response {
        do {
            switch (request.method, request.uri.path) {
            case (.get, "/health"): return Self.json(["status": "alive"])
            case (.get, "/v1/models"): return Self.json(await models())
            case (.get, "/v1/receipts"): return try await receipts(request)
            case (.post, "/v1/completions"):
                return await closing { try await completion(request, isChat: false) }
            case (.post, "/v1/chat/completions"):
                return await closing { try await completion(request, isChat: true) }
            case (_, "/health"), (_, "/v1/models"), (_, "/v1/receipts"), (_, "/v1/completions"),
                (_, "/v1/chat/completions"):
                throw ServingError(
                    .methodNotAllowed,
                    "\(request.uri.path) does not take \(request.method.rawValue)"
                )
            default: throw ServingError(.notFound, "there is nothing at \(request.uri.path)")
            }
        } catch {
            return Self.refusal(error)
        }
    }

    /// A connection that is watched for its client's leaving serves one request.
    private func closing(_ answer: () async throws -> Response) async -> Response {
        var response: Response
        do { response = try await answer() } catch { response = Self.refusal(error) }
        response.headers[.connection] = "close"
        return response
    }

    private static func refusal(_ error: any Error) -> Response {
        let error = ServingError(anything: error)
        return json(error.json, status: error.status, headers: error.headers)
    }

    static func json(
        _ value: JSON,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status,
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: value.compactBytes))
        )
    }
}

/// Why the server does not listen.
package struct ServingListenError: Error, Equatable, CustomStringConvertible {
    package let host: String
    package let port: Int
    package let reason: String

    package var description: String {
        "cannot listen on \(host):\(port): \(reason); stop the other program or choose another port"
    }
}
