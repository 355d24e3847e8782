/// Why the network could not start.
package enum NetworkError: Error, Equatable, Sendable {
    case portInUse(host: String, port: Int)
    case notPermitted(host: String, port: Int)
    case cannotListen(host: String, port: Int, detail: String)
}

extension NetworkError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .portInUse(let host, let port): "port \(port) on \(host) is in use"
        case .notPermitted(let host, let port): "listening on \(host):\(port) is not permitted"
        case .cannotListen(let host, let port, let detail):
            "cannot listen on \(host):\(port): \(detail)"
        }
    }
}
