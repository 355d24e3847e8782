// Reads the bytes of a request as JSON-RPC 2.0 (the specification of 2013-01-04), including its
// batches and its rules about which errors carry an id.

package import JSON

/// One call that is well formed; whether its method exists is not known yet.
package struct RPCCall: Sendable, Equatable {
    package enum Parameters: Sendable, Equatable {
        case positional([JSON])
        case named(JSONObject)
    }

    /// Nil for a notification, which is never answered.
    package let id: JSON?
    package let method: String
    package let parameters: Parameters
}

/// One element of a request.
package enum RPCElement: Sendable, Equatable {
    case call(RPCCall)
    /// Answered with the id where one could be read, else with null.
    case invalid(id: JSON, RPCError)
}

package enum RPCRequest: Sendable, Equatable {
    case single(RPCElement)
    case batch([RPCElement])

    package static let bodyLimit = 1_048_576
    package static let batchBodyLimit = 5_242_880
    package static let batchLimit = 100
    /// Parameters nest three levels at most; the rest is margin.
    private static let depthLimit = 16

    package init(_ body: [UInt8]) {
        let isBatch = body.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: "[")
        let limit = isBatch ? Self.batchBodyLimit : Self.bodyLimit
        guard body.count <= limit else {
            let error = RPCError.limit(
                "a body of \(body.count) bytes exceeds the limit of \(limit)"
            )
            self = .single(.invalid(id: .null, error))
            return
        }
        do {
            self = Self.interpret(try JSON.parse(body, depthLimit: Self.depthLimit))
        } catch {
            self = .single(.invalid(id: .null, .parse("\(error)")))
        }
    }

    private static func interpret(_ value: JSON) -> RPCRequest {
        guard let elements = value.array else { return .single(element(value)) }
        guard !elements.isEmpty else {
            return .single(.invalid(id: .null, .invalidRequest("the batch is empty")))
        }
        guard elements.count <= batchLimit else {
            let error = RPCError.limit(
                "a batch of \(elements.count) calls exceeds the limit of \(batchLimit)"
            )
            return .single(.invalid(id: .null, error))
        }
        return .batch(elements.map(element))
    }

    private static func element(_ value: JSON) -> RPCElement {
        guard let object = value.object else {
            return .invalid(id: .null, .invalidRequest("a call is an object, not \(value.kind)"))
        }
        let id = object["id"]
        let answerID: JSON
        switch id {
        case nil, .null?, .string?, .number?: answerID = id ?? .null
        default:
            return .invalid(id: .null, .invalidRequest("\"id\" is a string, a number or null"))
        }
        func invalid(_ detail: String) -> RPCElement {
            .invalid(id: answerID, .invalidRequest(detail))
        }
        let known = ["jsonrpc", "method", "params", "id"]
        if let unknown = object.keys.first(where: { !known.contains($0) }) {
            return invalid("unknown member \"\(unknown)\"")
        }
        guard object["jsonrpc"] == "2.0" else { return invalid("\"jsonrpc\" must be \"2.0\"") }
        guard let method = object["method"]?.string else {
            return invalid("\"method\" must be a string")
        }
        switch object["params"] {
        case nil: return .call(RPCCall(id: id, method: method, parameters: .positional([])))
        case .array(let values)?:
            return .call(RPCCall(id: id, method: method, parameters: .positional(values)))
        case .object(let members)?:
            return .call(RPCCall(id: id, method: method, parameters: .named(members)))
        default: return invalid("\"params\" must be an array or an object")
        }
    }
}
