import HTTPTypes
import JSON

/// An answer that is no completion, in the shape that OpenAI's clients read.
package struct ServingError: Error, Equatable {
    package enum Code: String, Sendable {
        case invalidRequest = "invalid_request"
        case unknownArgument = "unknown_argument"
        case modelNotFound = "model_not_found"
        case adapterNotVerified = "adapter_not_verified"
        case contextExceeded = "context_length_exceeded"
        case paymentRequired = "payment_required"
        case invalidVoucher = "invalid_voucher"
        case notAuthorised = "not_authorised"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case requestTooLarge = "request_too_large"
        case busy = "server_busy"
        case failed = "internal_error"
    }

    package let code: Code
    package let message: String
    /// The request's field that is at fault.
    package let parameter: String?
    /// The amount that the next voucher must promise, in units, where that is what is missing.
    package let required: String?

    package init(
        _ code: Code,
        _ message: String,
        parameter: String? = nil,
        required: String? = nil
    ) {
        self.code = code
        self.message = message
        self.parameter = parameter
        self.required = required
    }

    /// Asynchronous functions here throw without a type: in Swift 6.3 those with a type corrupt
    /// memory when they also pass 128-bit integers.
    init(anything error: any Error) {
        self = (error as? ServingError) ?? ServingError(.failed, "the request failed: \(error)")
    }

    var status: HTTPResponse.Status {
        switch code {
        case .invalidRequest, .unknownArgument, .contextExceeded: .badRequest
        case .modelNotFound, .notFound: .notFound
        case .adapterNotVerified: .forbidden
        case .paymentRequired, .invalidVoucher: HTTPResponse.Status(code: 402)
        case .notAuthorised: .unauthorized
        case .methodNotAllowed: .methodNotAllowed
        case .requestTooLarge: .contentTooLarge
        case .busy: .serviceUnavailable
        case .failed: .internalServerError
        }
    }

    /// Tells a client when to come back.
    var headers: HTTPFields { code == .busy ? [.retryAfter: "1"] : [:] }

    private var type: String {
        switch code {
        case .failed: "server_error"
        case .busy: "overloaded_error"
        case .paymentRequired, .invalidVoucher: "payment_error"
        case .notAuthorised: "authentication_error"
        default: "invalid_request_error"
        }
    }

    var json: JSON {
        var members: [JSONObject.Member] = [
            .init(key: "message", value: .string(message)),
            .init(key: "type", value: .string(type)),
            .init(key: "param", value: parameter.map(JSON.string) ?? .null),
            .init(key: "code", value: .string(code.rawValue)),
        ]
        if let required { members.append(.init(key: "required", value: .string(required))) }
        return ["error": .object(JSONObject(members))]
    }
}
