import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// Why metrics cannot be served, in one sentence.
package enum MetricsServerError: Error, Equatable, CustomStringConvertible {
    case cannotListen(host: String, port: Int, detail: String)

    package var description: String {
        switch self {
        case .cannotListen(let host, let port, let detail):
            "metrics cannot be served on \(host):\(port) (\(detail)); set metrics.port, or "
                + "metrics.enabled to false"
        }
    }
}

/// `GET /metrics`, on an address of its own so that it can stay private while the RPC is public.
package struct MetricsServer: Service {
    private let host: String
    private let port: Int
    /// All metrics in Prometheus' text format.
    private let metrics: @Sendable () async -> String
    private let logger: Logger

    /// - Parameter port: 0 takes any free one.
    package init(
        host: String,
        port: Int,
        logger: Logger,
        metrics: @escaping @Sendable () async -> String
    ) {
        self.host = host
        self.port = port
        self.metrics = metrics
        self.logger = logger
    }

    package func run() async throws {
        var quiet = logger
        quiet.logLevel = .critical
        let (host, port, metrics, logger) = (host, port, metrics, logger)
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in
                await Self.answer(request, metrics)
            },
            server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: .init(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(16)
            ),
            onServerRunning: { channel in
                let bound = channel.localAddress?.port ?? port
                logger.info(
                    "metrics",
                    metadata: ["url": "http://\(host):\(bound)/metrics"]
                )
            },
            logger: quiet
        )
        do { try await application.run() } catch let error as IOError {
            throw MetricsServerError.cannotListen(
                host: host,
                port: port,
                detail: "\(error)"
            )
        }
    }

    private static func answer(_ request: Request, _ metrics: () async -> String) async -> Response
    {
        guard request.uri.path == "/metrics" else {
            return text(.notFound, "metrics are at /metrics\n", type: "text/plain; charset=utf-8")
        }
        return text(.ok, await metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
    }

    private static func text(
        _ status: HTTPResponse.Status,
        _ body: String,
        type: String
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: .init(byteBuffer: ByteBuffer(string: body))
        )
    }
}
