// A validator's duty beside voting: it follows the claims of the chain and answers for those whose
// panel it sits on. The heavy work runs on a thread of its own, so that nothing waits for it.

import Commitments
import Ledger
import Logging
import Primitives
import Replica
import ServiceLifecycle
import Storage
import Verification

/// Watches finalised blocks and judges claims with `ClaimVerifier`.
struct VerifierService: Service {
    let runner: ReplicaRunner
    let gateway: NodeGateway
    let exchange: ArtifactExchange
    let record: ChainRecord
    let key: HotKey
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskExecutorPreference(WorkerExecutor(label: "openledger.verifier")) {
                await follow()
            }
        }
    }

    /// Ends when the task is cancelled.
    private func follow() async {
        let heights = runner.heights()
        let key = key
        var verifier = ClaimVerifier(
            assembly: ClaimAssembly(
                state: CommittedState(database: runner.database),
                source: ExchangeSource(exchange: exchange),
                models: ModelCache()
            ),
            hot: key.address,
            sender: SignedVerdictSender(
                runner: runner,
                gateway: gateway,
                chain: record.chain,
                key: key
            ),
            salt: { try key.salt(claim: $0, panel: $1) }
        )
        var pins = ClaimPins(exchange: exchange)
        defer { pins.releaseAll() }
        do {
            var seen = try runner.database.now.tip().height
            for claim in try openClaims() { verifier.watch(claim) }
            try pins.hold(openClaims(), read: claim)
            report(await verifier.review())
            for await height in heights where height > seen {
                let claims = try newClaims(after: seen, to: height)
                for claim in claims { verifier.watch(claim) }
                try pins.hold(claims, read: claim)
                seen = height
                report(await verifier.review())
            }
        } catch {
            logger.error("claims cannot be read", metadata: ["error": "\(error)"])
        }
    }

    /// Claims that are not decided for good.
    private func openClaims() throws(StorageError) -> [Digest] {
        var claims: [Digest] = []
        let prefix = StateKey.claim(.zero).dropLast(Digest.byteCount)
        var last: [UInt8]?
        while true {
            let page = try runner.database.now.stateEntries(
                prefix: Array(prefix),
                after: last,
                limit: 256
            )
            for pair in page {
                guard let claim = try? Claim(borsh: pair.value), claim.isOpen,
                    let id = Digest(pair.key.dropFirst(prefix.count))
                else { continue }
                claims.append(id)
            }
            guard let final = page.last else { return claims }
            last = final.key
        }
    }

    private func claim(_ id: Digest) throws(StorageError) -> Claim? {
        try runner.database.now.stateValue(StateKey.claim(id)).flatMap { try? Claim(borsh: $0) }
    }

    private func newClaims(after: Height, to last: Height) throws(StorageError) -> [Digest] {
        var claims: [Digest] = []
        for height in after.value + 1...last.value {
            for event in try runner.database.now.events(at: Height(height)) {
                guard event.kind == .claimSubmitted, case .digest(let claim)? = event[.claim]
                else { continue }
                claims.append(claim)
            }
        }
        return claims
    }

    private func report(_ outcomes: [ClaimVerifier.Outcome]) {
        for outcome in outcomes {
            switch outcome {
            case .committed(let claim, let judgement):
                logger.info(
                    "verdict committed",
                    metadata: ["claim": "\(claim)", "verdict": "\(judgement.verdict)"]
                )
            case .revealed(let claim, let judgement):
                logger.info(
                    "verdict revealed",
                    metadata: ["claim": "\(claim)", "verdict": "\(judgement.verdict)"]
                )
            case .failed(let claim, let reason):
                logger.warning(
                    "claim not judged",
                    metadata: ["claim": "\(claim)", "reason": "\(reason)"]
                )
            }
        }
    }
}

extension Claim {
    var isOpen: Bool {
        switch phase {
        case .final, .rejected, .unavailable: false
        default: true
        }
    }
}
