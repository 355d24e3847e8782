package import Primitives

extension Claim {
    /// The units that the current panel re-runs: the challenged one, or the committee's sample.
    /// Nil while no panel is drawn, or when `pay` fits no such claim.
    package func sample(
        id: Digest,
        parameters: ClaimParameters,
        pay: [Amount] = []
    ) -> [UInt32]? {
        if let challenge { return [challenge.unit] }
        guard let beacon, pay.isEmpty || pay.count == Int(terms.unitCount) else { return nil }
        var sum = Amount.zero
        for amount in pay {
            guard let next = try? sum.adding(amount), next <= Genesis.supply else { return nil }
            sum = next
        }
        let seed = Sampling.seed(beacon: beacon, claim: id, attempt: attempt)
        return Sampling.units(
            seed: seed,
            unitCount: terms.unitCount,
            size: parameters.sample(terms.kind),
            pay: pay
        )
    }
}
