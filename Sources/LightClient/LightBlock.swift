// What a light client gets to see of a block, and what can be said of it without trusting anyone.

package import Ledger
package import Primitives
package import Voting

/// A header, the precommits that decided it, and the set that these were counted in.
package struct LightBlock: Sendable, Hashable {
    package let header: BlockHeader
    package let certificate: CommitCertificate
    package let validators: ValidatorSet

    package init(header: BlockHeader, certificate: CommitCertificate, validators: ValidatorSet) {
        self.header = header
        self.certificate = certificate
        self.validators = validators
    }

    package var height: Height { header.height }

    /// Checks that the three belong together and that more than two thirds of the set signed the
    /// header. That says nothing yet about the set: anyone can make up one.
    package func checkItself(chain: ChainID) throws(LightClientError) {
        guard header.chain == chain else { throw .otherChain(header.chain) }
        guard validators.hash == header.validatorsHash else { throw .otherValidators(height) }
        guard certificate.height == height, certificate.block == header.hash else {
            throw .otherBlock(height)
        }
        do { try certificate.verify(set: validators, chain: chain) } catch {
            throw .certificate(height, error)
        }
    }

    /// The power that `trusted` gives to those who signed.
    ///
    /// - Precondition: every signer is in `validators`, as `checkItself` made sure.
    package func signedPower(in trusted: ValidatorSet) -> UInt64 {
        // No overflow: keys are unique in both sets, so the sum is within the trusted total.
        certificate.signatures.reduce(0) { sum, entry in
            guard let signer = validators[entry.validator],
                let index = trusted.index(of: signer.key), let known = trusted[index]
            else { return sum }
            return sum + known.power
        }
    }
}

extension LightBlock: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(header)
        writer.write(certificate)
        writer.write(validators)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        header = try BlockHeader(from: &reader)
        certificate = try CommitCertificate(from: &reader)
        validators = try ValidatorSet(from: &reader)
    }
}
