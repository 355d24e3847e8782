// A claim's artifact is fetched once and read again when verdicts are opened or a unit is challenged.
// Until the claim is over, it must not make room for another.

import Commitments
import Ledger
import Primitives

struct ClaimPins {
    private let exchange: ArtifactExchange
    private var held: [Digest: ArtifactID] = [:]

    init(exchange: ArtifactExchange) { self.exchange = exchange }

    /// Lets go of what belongs to claims that are over, and holds what belongs to these.
    ///
    /// - Parameter read: the claim as it is now.
    mutating func hold<Failure>(
        _ claims: [Digest],
        read: (Digest) throws(Failure) -> Claim?
    ) throws(Failure) {
        for (id, artifact) in held where try read(id)?.isOpen != true {
            exchange.unpin(artifact)
            held[id] = nil
        }
        for id in claims where held[id] == nil {
            guard let claim = try read(id), claim.isOpen else { continue }
            exchange.pin(claim.terms.artifact)
            held[id] = claim.terms.artifact
        }
    }

    mutating func releaseAll() {
        for artifact in held.values { exchange.unpin(artifact) }
        held = [:]
    }
}
