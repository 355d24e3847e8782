import Commitments
import Foundation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Primitives

extension HTTPField.Name {
    private static func own(_ name: String) -> HTTPField.Name {
        // The names below are valid tokens, so the default is never used.
        HTTPField.Name(name) ?? .server
    }

    static let voucher = own("x-openledger-voucher")
    static let adapter = own("x-openledger-adapter")
    static let adapterRoot = own("x-openledger-adapter-root")
    static let verifiedHeight = own("x-openledger-verified-height")
    static let receipt = own("x-openledger-receipt")
}

extension ServingServer {
    /// - Parameter isChat: whether the body has messages instead of a prompt.
    func completion(_ request: Request, isChat: Bool) async throws -> Response {
        // A browser asks first before it sends this type to another site.
        let type = request.headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard type == "application/json" else {
            throw ServingError(.invalidRequest, "the content type must be application/json")
        }
        let voucher = try Self.voucher(request.headers[.voucher])
        // A client that leaves before its answer is whole ends the work for it.
        return try await request.body.consumeWithCancellationOnInboundClose { body in
            try await completion(try await Self.bytes(of: body), voucher, isChat: isChat)
        }
    }

    private static func bytes(of body: RequestBody) async throws -> [UInt8] {
        let limit = CompletionRequest.byteLimit
        do {
            return Array(try await body.collect(upTo: limit).readableBytesView)
        } catch {
            throw ServingError(.requestTooLarge, "a request has at most \(limit) bytes")
        }
    }

    private func completion(
        _ bytes: [UInt8],
        _ voucher: Voucher?,
        isChat: Bool
    ) async throws -> Response {
        let completionRequest =
            isChat
            ? try CompletionRequest(chat: bytes, format: service.setup.chat)
            : try CompletionRequest(bytes)
        let prepared = try await service.prepare(completionRequest, voucher: voucher)
        let envelope = CompletionEnvelope(
            id: (isChat ? "chatcmpl-" : "cmpl-") + UUID().uuidString.lowercased(),
            created: Int(Date().timeIntervalSince1970),
            model: completionRequest.model,
            adapter: prepared.adapter,
            isChat: isChat
        )
        return completionRequest.streams
            ? stream(prepared, envelope) : try await whole(prepared, envelope)
    }

    private static func voucher(_ header: String?) throws(ServingError) -> Voucher? {
        guard let header else { return nil }
        guard let data = Data(base64Encoded: header), data.base64EncodedString() == header,
            let voucher = try? Voucher(borsh: [UInt8](data))
        else {
            throw ServingError(
                .invalidVoucher,
                "the header x-openledger-voucher is not a voucher in base64"
            )
        }
        return voucher
    }

    private static func headers(_ adapter: ServedAdapter?) -> HTTPFields {
        guard let adapter else { return [:] }
        return [
            .adapter: "\(adapter.verified.id)",
            .adapterRoot: "\(adapter.identity.canonicalRoot)",
            .verifiedHeight: "\(adapter.verified.height.value)",
        ]
    }

    private func whole(
        _ prepared: PreparedCompletion,
        _ envelope: CompletionEnvelope
    ) async throws -> Response {
        let pieces = TextCollector()
        let outcome = try await service.complete(prepared) { pieces.append($0) }
        var headers = Self.headers(prepared.adapter)
        if let receipt = outcome.receipt { headers[.receipt] = "\(receipt.digest)" }
        return Self.json(
            envelope.json(
                text: pieces.text,
                finish: outcome.finish,
                outcome: outcome,
                includesUsage: true
            ),
            headers: headers
        )
    }

    /// Server-sent events: a chunk a piece of text, one with the reason of the end and the receipt,
    /// the usage where it was asked for, and `[DONE]`.
    private func stream(
        _ prepared: PreparedCompletion,
        _ envelope: CompletionEnvelope
    ) -> Response {
        var headers = Self.headers(prepared.adapter)
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-cache"
        let service = service
        let usage = prepared.request.includesUsage
        let body = ResponseBody { writer in
            let (pieces, continuation) = AsyncStream.makeStream(of: String.self)
            // A client that leaves makes the next write throw, and generation stops.
            defer { continuation.finish() }
            async let answer = Self.answer(service, prepared, continuation)
            if envelope.isChat {
                let first = envelope.chunk(text: nil, includesUsage: usage)
                try await writer.write(Self.event(first.compactText))
            }
            for await text in pieces {
                let chunk = envelope.chunk(text: text, includesUsage: usage)
                try await writer.write(Self.event(chunk.compactText))
            }
            switch await answer {
            case .success(let outcome):
                let last = envelope.chunk(text: "", finish: outcome.finish, outcome: outcome)
                try await writer.write(Self.event(last.compactText))
                if usage {
                    let chunk = envelope.chunk(
                        text: "",
                        outcome: outcome,
                        hasChoice: false,
                        includesUsage: true
                    )
                    try await writer.write(Self.event(chunk.compactText))
                }
                try await writer.write(Self.event("[DONE]"))
            case .failure(let error):
                try await writer.write(Self.event(error.json.compactText))
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private static func answer(
        _ service: CompletionService,
        _ prepared: PreparedCompletion,
        _ continuation: AsyncStream<String>.Continuation
    ) async -> Result<CompletionOutcome, ServingError> {
        defer { continuation.finish() }
        do {
            return .success(
                try await service.complete(prepared) { text in
                    if case .enqueued = continuation.yield(text) { true } else { false }
                }
            )
        } catch {
            return .failure(ServingError(anything: error))
        }
    }

    private static func event(_ text: String) -> ByteBuffer {
        ByteBuffer(string: "data: \(text)\n\n")
    }
}
