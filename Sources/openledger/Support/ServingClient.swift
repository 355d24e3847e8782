import AsyncHTTPClient
import Foundation
import JSON
import NIOCore
import NIOHTTP1

/// Speaks to a serving endpoint.
struct ServingClient: Sendable {
    struct Reply: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: JSON
    }

    let url: String

    init(url: String) { self.url = url.hasSuffix("/") ? String(url.dropLast()) : url }

    func get(_ path: String) async throws -> Reply {
        try await send(HTTPClientRequest(url: url + path))
    }

    func post(_ path: String, _ body: JSON, voucher: String) async throws -> Reply {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "x-openledger-voucher", value: voucher)
        request.body = .bytes(ByteBuffer(bytes: body.compactBytes))
        return try await send(request)
    }

    private func send(_ request: HTTPClientRequest) async throws -> Reply {
        let response: HTTPClientResponse
        let bytes: [UInt8]
        do {
            response = try await HTTPClient.prompt.execute(request, timeout: .seconds(300))
            bytes = Array(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        } catch {
            throw CommandFailure(.unavailable, "no serving endpoint answers at \(url)")
        }
        guard let body = try? JSON.parse(bytes) else {
            throw CommandFailure(.unavailable, "\(url) is no serving endpoint")
        }
        guard response.status == .ok else {
            let message = body["error"]?["message"]?.string ?? "it answers \(response.status.code)"
            throw CommandFailure(.refused, "\(url): \(message)")
        }
        return Reply(status: Int(response.status.code), headers: response.headers, body: body)
    }
}
