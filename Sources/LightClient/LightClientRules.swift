// When one header is reason enough to believe another. The source is the light client specification
// of Tendermint (Kukharenko, Bucher, Milosevic and others: "Tendermint light client", arXiv
// 2010.07031, and the specification kept with CometBFT).

import Ledger
package import Primitives
import Voting

/// What a light client assumes: fewer than a third of the power of a trusted header's validators is
/// faulty until the trust period after it is over, because until then they have a stake to lose.
package struct LightClientRules: Sendable, Hashable {
    package let chain: ChainID
    /// Milliseconds; has to be shorter than unbonding takes.
    package let trustPeriod: UInt64
    /// By how many milliseconds clocks may differ.
    package let clockDrift: UInt64

    package static let defaultTrustPeriod: UInt64 = 14 * 24 * 3_600_000
    package static let defaultClockDrift: UInt64 = 10_000

    package init(
        chain: ChainID,
        trustPeriod: UInt64 = defaultTrustPeriod,
        clockDrift: UInt64 = defaultClockDrift
    ) {
        self.chain = chain
        self.trustPeriod = trustPeriod
        self.clockDrift = clockDrift
    }

    package func checkAge(of trusted: TrustedHeader, now: UInt64) throws(LightClientError) {
        let (end, overflow) = trusted.time.addingReportingOverflow(trustPeriod)
        guard overflow || end > now else {
            throw .trustExpired(trusted.height, until: end, now: now)
        }
    }

    /// Whether the trusted header is reason enough: true if so, false if too little trusted power
    /// signed, and a header between the two may help.
    ///
    /// - Precondition: `checkItself` accepted the block.
    package func follows(
        _ block: LightBlock,
        _ trusted: TrustedHeader,
        now: UInt64
    ) throws(LightClientError) -> Bool {
        try checkAge(of: trusted, now: now)
        let header = block.header
        guard header.height > trusted.height else {
            throw .belowTrust(asked: header.height, earliest: trusted.height)
        }
        guard header.time > trusted.time else { throw .timeNotAfterTrusted(header.height) }
        let (latest, overflow) = now.addingReportingOverflow(clockDrift)
        guard overflow || header.time < latest else {
            throw .fromTheFuture(header.height, time: header.time, now: now)
        }
        if header.height == trusted.height.next {
            guard header.parent == trusted.hash else { throw .brokenChain(header.height) }
            guard header.validatorsHash == trusted.nextValidatorsHash else {
                throw .unannouncedValidators(header.height)
            }
            return true
        }
        return trusted.validators.hasHonest(block.signedPower(in: trusted.validators))
    }
}
