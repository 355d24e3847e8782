package import JSON

/// An error as a client sees it: a code of the specification or of our range, one sentence, and in
/// `data` a reason that never changes its spelling.
///
/// Codes from -32000 to -32099 mean different things elsewhere, so programs should read `reason`.
package struct RPCError: Error, Equatable {
    package let code: Int
    package let message: String
    package let reason: String
    /// Further members of `data`.
    package let details: [JSONObject.Member]

    package init(code: Int, message: String, reason: String, details: [JSONObject.Member] = []) {
        self.code = code
        self.message = message
        self.reason = reason
        self.details = details
    }

    package static func parse(_ detail: String) -> RPCError {
        RPCError(code: -32700, message: "Parse error: \(detail)", reason: "parse_error")
    }

    package static func invalidRequest(_ detail: String) -> RPCError {
        RPCError(code: -32600, message: "Invalid Request: \(detail)", reason: "invalid_request")
    }

    package static func methodNotFound(_ name: String) -> RPCError {
        RPCError(code: -32601, message: "Method not found: \(name)", reason: "method_not_found")
    }

    package static func invalidParameters(_ detail: String) -> RPCError {
        RPCError(code: -32602, message: "Invalid params: \(detail)", reason: "invalid_params")
    }

    package static func internalError(_ detail: String) -> RPCError {
        RPCError(code: -32603, message: "Internal error: \(detail)", reason: "internal_error")
    }

    /// The request was understood, and what it names does not exist.
    package static func notFound(_ what: String) -> RPCError {
        RPCError(code: -32001, message: "\(what) does not exist", reason: "not_found")
    }

    /// The chain would refuse the transaction; `reason` is the ledger's own word for why.
    package static func refused(reason: String, message: String) -> RPCError {
        RPCError(code: -32002, message: message, reason: reason)
    }

    /// The node cannot answer now, and may later.
    package static func unavailable(_ detail: String) -> RPCError {
        RPCError(code: -32003, message: detail, reason: "unavailable")
    }

    /// A wait ended before what was waited for came.
    package static func timeout(_ detail: String) -> RPCError {
        RPCError(code: -32004, message: detail, reason: "timeout")
    }

    package static func limit(_ detail: String) -> RPCError {
        RPCError(code: -32005, message: detail, reason: "limit_exceeded")
    }

    /// The state of that height has been pruned.
    package static func pruned(_ detail: String) -> RPCError {
        RPCError(code: -32006, message: detail, reason: "pruned")
    }

    package var json: JSON {
        [
            "code": .integer(code), "message": .string(message),
            "data": .object(
                JSONObject([.init(key: "reason", value: .string(reason))] + details)
            ),
        ]
    }
}
