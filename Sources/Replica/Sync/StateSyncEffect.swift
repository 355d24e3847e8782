package import LightClient
package import Primitives
package import StateTree

package enum StateSyncInput: Sendable {
    case connected(PeerID)
    case disconnected(PeerID)
    case message(StateSyncMessage, from: PeerID)
    case timer(StateSyncTimer)
}

package enum StateSyncTimer: Sendable, Hashable {
    /// Choose among what has been offered, or ask again.
    case choose
    /// Give up waiting for an answer.
    case answer(UInt64)
    /// Give up altogether.
    case deadline
}

package enum StateSyncEffect: Sendable {
    case send(StateSyncMessage, to: PeerID)
    case schedule(StateSyncTimer, afterMilliseconds: UInt64)
    /// Begin with nothing: what was written before belongs to another attempt.
    case begin(Height)
    case write([TreePart.Entry], [(key: NodeKey, node: TreeNode)])
    /// The peer sent what no honest node sends.
    case report(PeerID, StateSyncFault)
    case note(StateSyncNote)
    /// Everything below the block's state root has been written, and was checked.
    case finish(LightBlock)
    case fail(StateSyncFailure)
}

/// What no honest peer does.
package enum StateSyncFault: Error, Sendable, Equatable {
    case header(LightClientError)
    case part(TreeAssembly.Refusal)
}

package enum StateSyncNote: Sendable, Equatable {
    case joining(Height, peers: Int)
    case progress(entries: Int, openParts: Int)
    /// The snapshot was given up; another one is tried if there is one.
    case abandoned(Height)
}

/// Why no snapshot was taken over. Block sync can still be tried, except after a conflict.
package enum StateSyncFailure: Error, Sendable, Equatable {
    case noOffers
    /// Every offer was tried; the last attempt failed for lack of peers that tell the truth.
    case offersExhausted
    case deadline(entries: Int)
    /// What the node is told to trust is too old to conclude anything from it.
    case trust(LightClientError)
    /// Two signed chains: someone must look before this node joins any.
    case conflict(ConflictingHeaders)
}

extension StateSyncFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noOffers: "no peer offers a snapshot"
        case .offersExhausted: "no peer gave a snapshot that can be verified"
        case .deadline(let entries):
            "the deadline has passed after \(entries) entries of the state"
        case .trust(let error): error.description
        case .conflict(let conflict):
            "two signed chains part at height \(conflict.first.height.value): "
                + "\(conflict.signersOfBoth.count) validators signed both; ask their operators "
                + "before you join either"
        }
    }
}
