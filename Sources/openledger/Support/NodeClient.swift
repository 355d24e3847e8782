import ArgumentParser
import AsyncHTTPClient
import Commitments
import Foundation
import JSON
import NIOCore
import NIOHTTP1
import Primitives

/// Which node a command talks to.
struct NodeOptions: ParsableArguments {
    @Option(name: .long, help: "The node's RPC (OPENLEDGER_URL; http://127.0.0.1:8545).")
    var url: String?

    var client: NodeClient {
        let variable = ProcessInfo.processInfo.environment["OPENLEDGER_URL"]
        return NodeClient(url: url ?? variable ?? "http://127.0.0.1:8545")
    }
}

/// Speaks JSON-RPC to a node, and carries artifacts.
struct NodeClient: Sendable {
    let url: String

    private static let answerLimit = 64 << 20

    init(url: String) { self.url = url.hasSuffix("/") ? String(url.dropLast()) : url }

    /// The result of a call; an error answer is a failure with the node's own sentence.
    func call(_ method: String, _ parameters: JSON = .array([])) async throws -> JSON {
        let request: JSON = [
            "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": parameters,
        ]
        let (status, body) = try await send(
            .POST,
            "/",
            type: "application/json",
            body: request.compactBytes,
            limit: Self.answerLimit
        )
        guard status == 200, let answer = try? JSON.parse(body) else {
            let text = String(decoding: body.prefix(200), as: UTF8.self)
            throw CommandFailure(
                .unavailable,
                "\(url) is no OpenLedger node: it answers \(status) \(text)"
            )
        }
        if let error = answer["error"] { throw Self.failure(error) }
        guard let result = answer["result"] else {
            throw CommandFailure(.unavailable, "\(url) answers \(method) with nothing")
        }
        return result
    }

    private static func failure(_ error: JSON) -> CommandFailure {
        let reason = error["data"]?["reason"]?.string ?? ""
        let message = error["message"]?.string ?? "the node reports an error"
        let sentence = reason.isEmpty ? message : "\(message) (\(reason))"
        switch error["code"]?.integer(Int.self) {
        case -32001: return CommandFailure(.notFound, sentence)
        case -32002: return CommandFailure(.refused, sentence)
        case -32003, -32004, -32006: return CommandFailure(.unavailable, sentence)
        case -32602: return CommandFailure(.badInput, sentence)
        default: return CommandFailure(.failed, sentence)
        }
    }

    /// Fetches an artifact and checks it against its id, whoever the node is.
    func artifact(_ id: ArtifactID) async throws -> [UInt8] {
        let (status, body) = try await send(.GET, "/artifact/\(id)", limit: 1 << 31)
        guard status == 200 else {
            let text = String(decoding: body.prefix(200), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw CommandFailure(status == 404 ? .notFound : .unavailable, "\(url): \(text)")
        }
        guard ArtifactManifest(of: body).id == id else {
            throw CommandFailure(
                .verificationFailed,
                "\(url) gives other bytes for the artifact \(id)"
            )
        }
        return body
    }

    /// Stores an artifact at the node and gives its id.
    @discardableResult
    func store(_ bytes: [UInt8]) async throws -> ArtifactID {
        let id = ArtifactManifest(of: bytes).id
        let (status, body) = try await send(
            .PUT,
            "/artifact/\(id)",
            type: "application/octet-stream",
            body: bytes,
            limit: 65_536
        )
        guard status == 201 || status == 200 else {
            let text = String(decoding: body, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw CommandFailure(.unavailable, "\(url) does not take the artifact: \(text)")
        }
        return id
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        type: String? = nil,
        body: [UInt8]? = nil,
        limit: Int
    ) async throws -> (status: Int, body: [UInt8]) {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        if let type { request.headers.add(name: "content-type", value: type) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            let response = try await HTTPClient.prompt.execute(request, timeout: .seconds(120))
            let buffer = try await response.body.collect(upTo: limit)
            return (Int(response.status.code), Array(buffer.readableBytesView))
        } catch {
            throw CommandFailure(.unavailable, "no node answers at \(url)")
        }
    }
}

extension HTTPClient {
    /// A client that says at once when nobody listens; the shared one goes on trying for minutes.
    static let prompt: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
