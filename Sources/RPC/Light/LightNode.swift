// The light client as the node that methods ask: what it answers, it has checked.

package import Ledger
import LightClient
package import Primitives
package import Voting

/// Answers the questions whose answers can be proved; others it refuses.
package struct LightNode: NodeAPI {
    let service: LightService
    let chain: ChainID
    let genesis: Digest

    package init(service: LightService, chain: ChainID, genesis: Digest) {
        self.service = service
        self.chain = chain
        self.genesis = genesis
    }

    package func status() async -> NodeStatus {
        let status = await service.status
        return NodeStatus(
            chain: chain,
            genesis: genesis,
            height: status.latest.height,
            block: status.latest.hash,
            blockTime: status.latest.time,
            stateRoot: .zero,
            earliestHeight: status.root.height,
            peers: 1 + status.witnesses.count,
            isSynchronising: false,
            waitingTransactions: 0,
            validator: nil,
            fault: status.conflict.map { "\(LightFailure.conflict($0.first.height))" }
        )
    }

    package func stateValue(_ key: [UInt8]) async throws -> [UInt8]? {
        try await stateEvidence(key, at: nil)?.value
    }

    package func stateEvidence(
        _ key: [UInt8],
        at height: Height?
    ) async throws -> StateEvidence? {
        do { return try await service.evidence(for: key, at: height) } catch {
            throw Self.answer(error)
        }
    }

    package func validatorSet(at height: Height) async throws -> ValidatorSet? {
        do { return try await service.block(at: height).validators } catch {
            throw Self.answer(error)
        }
    }

    package func nextNonce(of address: Address) async throws -> UInt64 {
        guard let bytes = try await stateValue(StateKey.account(address)) else { return 0 }
        do { return try Account(borsh: bytes).nonce } catch {
            throw RPCError.internalError("an account of the state does not decode")
        }
    }

    static func answer(_ error: any Error) -> RPCError {
        switch error {
        case let error as RPCError: error
        case let failure as LightFailure: RPCError.unavailable(failure.description)
        case let error as LightClientError: RPCError.unavailable(error.description)
        default: RPCError.unavailable("\(error)")
        }
    }

    private static let refusal = RPCError.unavailable(
        "a light client keeps headers and proofs only: ask a node"
    )
}

// MARK: - What cannot be proved by one header

extension LightNode {
    package func block(at height: Height) async throws -> BlockRecord? { throw Self.refusal }

    package func height(ofBlock hash: Digest) async throws -> Height? { throw Self.refusal }

    package func transaction(_ id: Digest) async throws -> TransactionStanding? {
        throw Self.refusal
    }

    package func submit(_ transaction: SignedTransaction) async -> SubmissionVerdict {
        .unavailable("a light client takes no transactions: send them to a node")
    }

    /// Ends at once: a light client learns of heights when it is asked, and has no transactions to
    /// wait for.
    package func heights() -> AsyncStream<Height> { AsyncStream { $0.finish() } }

    package func stateEntries(
        prefix: [UInt8],
        after: [UInt8]?,
        limit: Int
    ) async throws -> [(key: [UInt8], value: [UInt8])] { throw Self.refusal }

    package func events(
        from height: Height,
        index: UInt32,
        limit: Int
    ) async throws -> [EventRecord] { throw Self.refusal }

    package func artifactLength(_ id: Digest) async -> UInt64? { nil }

    package func artifactBytes(
        _ id: Digest,
        offset: UInt64,
        count: Int
    ) async throws -> [UInt8] { throw Self.refusal }

    package func storeArtifact(_ bytes: [UInt8]) async throws -> Digest { throw Self.refusal }
}
