package import Primitives

extension Claim {
    /// How many benches its committee has, and which of them a seat belongs to.
    package func bench(
        ofSeat seat: Int,
        of seats: Int,
        parameters: ClaimParameters
    ) -> Bench {
        let benches = Sampling.benchCount(
            seats: seats,
            unitCount: terms.unitCount,
            size: parameters.sample(terms.kind)
        )
        return Bench(number: UInt16(seat % benches), count: UInt16(benches))
    }

    /// The units that a seat of the current panel re-runs: the challenged one, the share of the
    /// disputed bench, or that of the seat's own bench. Nil while no panel is drawn, or when `pay`
    /// fits no such claim.
    package func sample(
        id: Digest,
        seat: Int,
        of seats: Int,
        parameters: ClaimParameters,
        pay: [Amount] = []
    ) -> [UInt32]? {
        if let challenge { return [challenge.unit] }
        return share(
            of: dispute ?? bench(ofSeat: seat, of: seats, parameters: parameters),
            id: id,
            parameters: parameters,
            pay: pay
        )
    }

    /// The bench that had to re-run a unit whatever it pays; nil when none had.
    func bench(
        holding unit: UInt32,
        id: Digest,
        seats: Int,
        parameters: ClaimParameters
    ) -> Bench? {
        guard let beacon else { return nil }
        let benches = bench(ofSeat: 0, of: seats, parameters: parameters).count
        let number = Sampling.bench(
            holding: unit,
            of: Int(benches),
            seed: Sampling.seed(beacon: beacon, claim: id, attempt: attempt),
            unitCount: terms.unitCount,
            size: parameters.sample(terms.kind)
        )
        return number.map { Bench(number: UInt16($0), count: benches) }
    }

    private func share(
        of bench: Bench,
        id: Digest,
        parameters: ClaimParameters,
        pay: [Amount] = []
    ) -> [UInt32]? {
        guard let beacon, pay.isEmpty || pay.count == Int(terms.unitCount) else { return nil }
        guard bench.number < bench.count else { return nil }
        var sum = Amount.zero
        for amount in pay {
            guard let next = try? sum.adding(amount), next <= Genesis.supply else { return nil }
            sum = next
        }
        return Sampling.share(
            bench: Int(bench.number),
            of: Int(bench.count),
            seed: Sampling.seed(beacon: beacon, claim: id, attempt: attempt),
            unitCount: terms.unitCount,
            size: parameters.sample(terms.kind),
            pay: pay
        )
    }
}
