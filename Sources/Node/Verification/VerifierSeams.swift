// What `ClaimVerifier` asks of a node.

import Commitments
import Ledger
import Primitives
import Replica
import Storage
import Verification

/// The state as of the last committed block.
struct CommittedState: ChainState {
    let database: Database

    func value(_ key: [UInt8]) async throws -> [UInt8]? { try database.now.stateValue(key) }
}

/// Artifacts from the own store or from peers.
struct ExchangeSource: ArtifactSource {
    /// Shorter than the phase for committing verdicts, so that `unavailable` can still be said.
    static let deadline = Duration.seconds(20)

    let exchange: ArtifactExchange

    func artifact(_ id: ArtifactID) async throws -> [UInt8] {
        try await exchange.bytes(id, within: Self.deadline)
    }
}

/// Verdicts as transactions of the hot key's own account. They carry no fee.
struct SignedVerdictSender: VerdictSender {
    enum Refused: Error {
        case pool(SubmissionVerdict)
    }

    let runner: ReplicaRunner
    let gateway: NodeGateway
    let chain: ChainID
    let key: HotKey

    func send(_ verdict: VerdictAction) async throws {
        let action: Action =
            switch verdict {
            case .commit(let body): .commitVerdict(body)
            case .reveal(let body): .revealVerdict(body)
            }
        let body = Transaction(
            chain: chain,
            sender: key.address,
            nonce: try await gateway.nextNonce(of: key.address),
            fee: .zero,
            action: action
        )
        let answer = await runner.submit(try key.sign(body))
        switch answer {
        case .accepted, .refused(.alreadyKnown): return
        case .refused: throw Refused.pool(answer)
        }
    }
}
