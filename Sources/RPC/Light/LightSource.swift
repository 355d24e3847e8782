package import LightClient
package import Primitives

/// A node that a light client asks. Nothing that it answers is believed.
package protocol LightSource: Sendable {
    /// How messages call it.
    var name: String { get }

    func lightBlock(at height: Height) async throws -> LightBlock

    /// A value of the state with its proof, as of the last block unless told.
    func evidence(for key: [UInt8], at height: Height?) async throws -> StateEvidence
}

/// Why a light client does not answer.
package enum LightFailure: Error, Sendable, Equatable {
    /// The primary shows what does not hold.
    case primary(String, LightClientError)
    /// The primary's value does not follow from the header's state root.
    case proof(String)
    /// No witness has shown the same header in time.
    case unconfirmed(Height)
    /// Two signed chains; from here on nothing is answered.
    case conflict(Height)
}

extension LightFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .primary(let name, let error): "\(name) is not to be believed: \(error)"
        case .proof(let name):
            "\(name) is not to be believed: its proof does not show its value"
        case .unconfirmed(let height):
            "no witness has confirmed the header of height \(height.value)"
        case .conflict(let height):
            "two signed chains part at height \(height.value): \"light_status\" has the evidence"
        }
    }
}
