import HTTPTypes
import Hummingbird
import NIOCore
import Primitives

extension RPCServer {
    /// How much of an artifact is in memory at a time while it is sent.
    private static let pieceBytes = 1_048_576

    func artifactResponse(_ request: Request, name: String) async -> Response {
        guard name.hasPrefix("0x"), let bytes = Hex.decode(name), let id = Digest(bytes) else {
            return Self.text(.badRequest, "an artifact is named by 0x and 64 hexadecimal digits")
        }
        switch request.method {
        case .get, .head: return await download(id, bodyWanted: request.method == .get)
        case .put: return await upload(id, request)
        default: return Self.text(.methodNotAllowed, "artifacts are read by GET and stored by PUT")
        }
    }

    private func download(_ id: Digest, bodyWanted: Bool) async -> Response {
        guard let length = await backend.artifacts.artifactLength(id) else {
            return Self.text(.notFound, "this node does not have the artifact \(id)")
        }
        let headers: HTTPFields = [
            .contentType: "application/octet-stream", .contentLength: "\(length)",
        ]
        guard bodyWanted else { return Response(status: .ok, headers: headers) }
        let artifacts = backend.artifacts
        let body = ResponseBody(contentLength: Int(length)) { writer in
            var offset: UInt64 = 0
            while offset < length {
                let count = min(Self.pieceBytes, Int(length - offset))
                let piece = try await artifacts.artifactBytes(id, offset: offset, count: count)
                // An error after the head cannot be told; the connection is cut instead.
                guard piece.count == count else { throw RPCError.internalError("short artifact") }
                try await writer.write(ByteBuffer(bytes: piece))
                offset += UInt64(count)
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: headers, body: body)
    }

    private func upload(_ id: Digest, _ request: Request) async -> Response {
        let limit = configuration.artifactLimit
        let tooLarge = Self.text(.contentTooLarge, "an artifact has at most \(limit) bytes here")
        if let declared = request.headers[.contentLength].flatMap({ Int($0) }), declared > limit {
            return tooLarge
        }
        let bytes: [UInt8]
        do {
            bytes = Array(try await request.body.collect(upTo: limit).readableBytesView)
        } catch {
            return tooLarge
        }
        do {
            let stored = try await backend.artifacts.storeArtifact(bytes)
            guard stored == id else {
                return Self.text(.conflict, "the content is the artifact \(stored), not \(id)")
            }
            return Self.text(.created, "\(id)")
        } catch {
            let sentence = (error as? RPCError)?.message ?? "\(error)"
            return Self.text(.internalServerError, sentence)
        }
    }
}
