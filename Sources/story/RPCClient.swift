import AsyncHTTPClient
import Foundation
import JSON
import NIOCore
import NIOHTTP1

/// Speaks JSON-RPC 2.0, and plain HTTP where a node offers that.
struct RPCClient: Sendable {
    /// For example `http://127.0.0.1:8545`.
    let url: String

    /// - Throws: `StoryFailure` with the node's own sentence for an error reply.
    func call(_ method: String, _ parameters: JSON = [:]) async throws -> JSON {
        let request: JSON = [
            "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": parameters,
        ]
        let (_, reply) = try await post("/", request)
        if let error = reply["error"], !error.isNull {
            throw StoryFailure("\(method): \(error["message"]?.string ?? error.compactText)")
        }
        guard let result = reply["result"] else { throw StoryFailure("\(method): no result") }
        return result
    }

    func post(
        _ path: String,
        _ body: JSON,
        seconds: Int64 = 120
    ) async throws -> (status: Int, body: JSON) {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body.compactBytes))
        return try await send(request, seconds: seconds)
    }

    func get(_ path: String) async throws -> (status: Int, body: JSON) {
        try await send(HTTPClientRequest(url: url + path), seconds: 20)
    }

    private func send(
        _ request: HTTPClientRequest,
        seconds: Int64
    ) async throws -> (status: Int, body: JSON) {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(seconds))
        let buffer = try await response.body.collect(upTo: 1 << 26)
        let bytes = Array(buffer.readableBytesView)
        let body = (try? JSON.parse(bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
        return (Int(response.status.code), body)
    }
}
