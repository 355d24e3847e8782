import Primitives
package import Replica
package import Storage

/// Why a node stopped for good. It has said nothing after the cause.
package enum NodeFault: Error, Sendable, Equatable {
    /// The disk refused a write or read; what was not durable was not sent.
    case storage(StorageError)
    /// The signing record cannot be written or trusted.
    case signing(SignGuardError)
    /// The chain contradicts itself as this node sees it.
    case replica(ReplicaFault)

    /// The chain goes on with a protocol version that this program does not know.
    package var asksForUpgrade: Bool {
        if case .replica(.unknownVersion) = self { true } else { false }
    }
}

extension NodeFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .storage(let error): error.description
        case .signing(let error): error.description
        case .replica(.unknownVersion(let version, let height)):
            "from height \(height.value) on the chain speaks protocol version \(version), which this"
                + " program does not know: upgrade it and start it again"
        case .replica(let fault): "the node cannot trust its own state: \(fault)"
        }
    }
}
