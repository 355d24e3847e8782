// One value of the state with everything that an offline client needs to believe it.

package import Ledger
package import Primitives
package import StateTree
package import Voting

/// A value, its proof, the header that the proof ends in, and who signed that header.
package struct CertifiedState: Sendable {
    package enum Failure: Error, Equatable {
        case otherChain(ChainID)
        case otherValidators
        case otherBlock
        case certificate(CertificateError)
        /// Validators that the client trusts signed with too little of their power.
        case untrusted(signed: UInt64, trusted: UInt64)
        case value
    }

    package let key: [UInt8]
    package let value: [UInt8]?
    package let proof: StateProof
    package let header: BlockHeader
    package let certificate: CommitCertificate
    package let validators: ValidatorSet

    package init(
        key: [UInt8],
        value: [UInt8]?,
        proof: StateProof,
        header: BlockHeader,
        certificate: CommitCertificate,
        validators: ValidatorSet
    ) {
        self.key = key
        self.value = value
        self.proof = proof
        self.header = header
        self.certificate = certificate
        self.validators = validators
    }

    /// Checks everything against a set that the client trusts: more than two thirds of the header's
    /// own set signed, and among them more than one third of the trusted power, so that at least
    /// one honest validator did (the skipping rule of Tendermint's light client, arXiv 2010.07031).
    package func verify(chain: ChainID, trusted: ValidatorSet) throws(Failure) {
        guard header.chain == chain else { throw .otherChain(header.chain) }
        guard validators.hash == header.validatorsHash else { throw .otherValidators }
        guard certificate.block == header.hash, certificate.height == header.height else {
            throw .otherBlock
        }
        do {
            try certificate.verify(set: validators, chain: chain)
        } catch {
            throw .certificate(error)
        }
        var signed: UInt64 = 0
        for entry in certificate.signatures {
            guard let signer = validators[entry.validator],
                let index = trusted.index(of: signer.key), let known = trusted[index]
            else { continue }
            signed += known.power
        }
        guard trusted.hasHonest(signed) else {
            throw .untrusted(signed: signed, trusted: trusted.total)
        }
        guard proof.verify(root: header.stateRoot, key: key, value: value) else { throw .value }
    }
}

extension CertifiedState: BorshCodable {
    package static let keyLimit = 256
    package static let valueLimit = 1 << 20

    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(key)
        writer.write(value != nil)
        if let value { writer.writeBytes(value) }
        writer.write(proof)
        writer.write(header)
        writer.write(certificate)
        writer.write(validators)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        key = try reader.readBytes(limit: Self.keyLimit)
        value = try reader.readBool() ? try reader.readBytes(limit: Self.valueLimit) : nil
        proof = try StateProof(from: &reader)
        header = try BlockHeader(from: &reader)
        certificate = try CommitCertificate(from: &reader)
        validators = try ValidatorSet(from: &reader)
    }
}
