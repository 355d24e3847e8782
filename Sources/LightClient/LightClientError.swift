package import Primitives
package import Voting

/// Why a header is not believed. Each case names the height at fault.
package enum LightClientError: Error, Sendable, Hashable {
    case otherChain(ChainID)
    /// The set is not the one that the header names.
    case otherValidators(Height)
    /// The certificate is for another block.
    case otherBlock(Height)
    case certificate(Height, CertificateError)
    /// The set is not the one that the trusted header before announced.
    case unannouncedValidators(Height)
    /// The header does not follow the trusted one right before it.
    case brokenChain(Height)
    /// Not later than a trusted header below it.
    case timeNotAfterTrusted(Height)
    /// Later than this machine's clock allows.
    case fromTheFuture(Height, time: UInt64, now: UInt64)
    /// The last trusted header is too old to conclude anything from it.
    case trustExpired(Height, until: UInt64, now: UInt64)
    /// The block is not of the height that was asked for.
    case wrongHeight(expected: Height, found: Height)
    /// Below the first header that is trusted.
    case belowTrust(asked: Height, earliest: Height)
    /// The block at a checkpoint's height has another hash.
    case otherCheckpoint(Height, expected: Digest, found: Digest)
    /// The genesis document is not valid.
    case genesis
}

extension LightClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .otherChain(let chain): "the header is of the chain \(chain)"
        case .otherValidators(let height):
            "the validators at height \(height.value) are not those that the header names"
        case .otherBlock(let height):
            "the certificate at height \(height.value) is for another block"
        case .certificate(let height, let error):
            "the certificate at height \(height.value) does not hold: \(error)"
        case .unannouncedValidators(let height):
            "the validators at height \(height.value) are not those that the block before announced"
        case .brokenChain(let height):
            "the header at height \(height.value) does not follow the trusted one before it"
        case .timeNotAfterTrusted(let height):
            "the header at height \(height.value) is not later than a trusted one below it"
        case .fromTheFuture(let height, let time, let now):
            "the header at height \(height.value) is \(time - now) ms ahead of this machine's clock"
        case .trustExpired(let height, let until, let now):
            "what is trusted (height \(height.value)) has been out of its trust period for "
                + "\((now - until) / 1000) s: give a recent checkpoint"
        case .wrongHeight(let expected, let found):
            "height \(found.value) was given where \(expected.value) was asked for"
        case .belowTrust(let asked, let earliest):
            "height \(asked.value) is below the first trusted one, \(earliest.value)"
        case .otherCheckpoint(let height, let expected, let found):
            "the block at height \(height.value) is \(found), not the checkpoint's \(expected)"
        case .genesis: "the genesis document is not valid"
        }
    }
}
