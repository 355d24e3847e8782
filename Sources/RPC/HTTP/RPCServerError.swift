import Glibc
import NIOCore

/// Why the server does not listen, in one sentence.
package enum RPCServerError: Error, Equatable {
    case addressInUse(host: String, port: Int)
    case notPermitted(host: String, port: Int)
    case cannotListen(host: String, port: Int, detail: String)

    init(_ error: IOError, configuration: RPCServerConfiguration) {
        let (host, port) = (configuration.host, configuration.port)
        switch error.errnoCode {
        case EADDRINUSE: self = .addressInUse(host: host, port: port)
        case EACCES, EPERM: self = .notPermitted(host: host, port: port)
        default: self = .cannotListen(host: host, port: port, detail: "\(error)")
        }
    }
}

extension RPCServerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .addressInUse(let host, let port):
            "another program listens on \(host):\(port); stop it or set rpc.port"
        case .notPermitted(let host, let port):
            "this account may not listen on \(host):\(port); set rpc.port to 1024 or more"
        case .cannotListen(let host, let port, let detail):
            "cannot listen on \(host):\(port): \(detail)"
        }
    }
}
